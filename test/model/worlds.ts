/** The worlds in which the tailer is held against its model. */
import type { WorldSettings } from './tail-world.js'

export const WORLDS: Readonly<Record<string, WorldSettings>> = {
  'numbered rotation': { patterns: ['app.log', 'job.log'], names: 'numbers' },
  'numbered rotation within the globs': { patterns: ['*.log*'], names: 'numbers' },
  'dated rotation': { patterns: ['*.log'], names: 'dates' },
  'dated rotation within the globs': { patterns: ['*.log', '*.log-*'], names: 'dates' },
  'few open files': { patterns: ['*.log*'], names: 'numbers', settings: { maxOpenFiles: 2 } },
  'few open files and names outside the globs': {
    patterns: ['app.log', 'job.log'],
    names: 'dates',
    settings: { maxOpenFiles: 1 },
  },
  'one open file and numbers outside the globs': {
    patterns: ['app.log', 'job.log'],
    names: 'numbers',
    settings: { maxOpenFiles: 1 },
  },
  'a long header that all have in common': { patterns: ['*.log*'], names: 'numbers', header: 3000 },
  'a short fingerprint': { patterns: ['app.log', 'job.log'], names: 'numbers', settings: { fingerprintBytes: 16 } },
  'links that are exchanged': { patterns: ['app.log', 'job.log'], names: 'numbers', linked: true },
}
