#!/usr/bin/env node
/** argv → command → exit code. The one file, with `cli`, that touches the process. */
import { readFileSync, writeSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { keepHeapSmall } from './cli/heap.js'
import type { Host } from './cli/host.js'

// Before the first user pattern is compiled: V8 leaves a regex that backtracks too much to its linear engine.
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
keepHeapSmall()

const { Crash } = await import('./cli/crash.js')
const crash = new Crash((text, code) => {
  try {
    writeSync(2, text)
  } finally {
    process.exit(code)
  }
})
process.on('uncaughtException', crash.fault)
process.on('unhandledRejection', crash.fault)

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

const host: Host = {
  environment: process.env,
  self: {
    pid: process.pid,
    isAlive(pid) {
      try {
        process.kill(pid, 0)
        return true
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === 'EPERM'
      }
    },
  },
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  onStop(callback) {
    const signals = ['SIGINT', 'SIGTERM'] as const
    const stop = (signal: string) => {
      for (const each of signals) process.off(each, stop)
      callback(signal)
    }
    for (const signal of signals) process.on(signal, stop)
  },
  onReload(callback) {
    // There the name stands for a console that is closed, and the process ends in any case.
    if (process.platform !== 'win32') process.on('SIGHUP', callback)
  },
  crash,
}

// A reader that went away (`errand watch | head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

// What is told to nobody ends nothing.
process.stderr.on('error', () => {})

const { runProgram } = await import('./cli/program.js')
process.exitCode = await runProgram(process.argv.slice(2), version, host)
