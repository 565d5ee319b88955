// `node bench/fingerprint.mjs [cost] [collisions N] [corpus FOLDER]`: what fp1 costs, whether it collides, and how well it
// groups beside the keys that trackers use. Needs a build. README.md says what a corpus is.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const { preFingerprint } = await import('../dist/fingerprint/fp1.js')
const { openPipeline } = await import('../dist/index.js')

/** Microseconds of CPU for a stack of 40 frames, each seen for the first time; then the same stacks again. */
async function cost() {
  const logs = new URL('../examples/logs/', import.meta.url)
  console.log('| language | stacks | first time, µs | again, µs |\n| --- | ---: | ---: | ---: |')
  for (const source of readdirSync(logs)) {
    const errors = []
    for (const file of readdirSync(new URL(`${source}/`, logs))) {
      const { kept } = await read(readFileSync(new URL(`${source}/${file}`, logs)), source)
      errors.push(...kept.filter((error) => error.frames.length > 0))
    }
    const pool = errors.flatMap((error) => error.frames)
    const first = []
    const again = []
    for (let round = 0; round < 40; round++) {
      // Fresh objects each round, since names are kept by frame and by list.
      const stacks = errors.map((error, i) => ({
        ...error,
        frames: Array.from({ length: 40 }, (_, k) => ({ ...(error.frames[k] ?? pool[(i * 7 + k) % pool.length]) })),
      }))
      const a = timed(stacks)
      const b = timed(stacks)
      // The first rounds warm the compiler up.
      if (round < 10) continue
      first.push(a)
      again.push(b)
    }
    console.log(`| ${source} | ${errors.length} | ${median(first)} | ${median(again)} |`)
  }
}

function timed(stacks) {
  const start = process.cpuUsage()
  for (const stack of stacks) preFingerprint(stack)
  return process.cpuUsage(start).user / stacks.length
}

function median(numbers) {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1].toFixed(1)
}

/** Distinct generated errors; counts how many share an id. */
function collisions(count = '10000000') {
  const total = Number(count)
  // The first 64 of the 96 bits: if these are all different, the ids are.
  const seen = new BigUint64Array(total)
  for (let i = 0; i < total; i++) {
    const at = (n, k) => ({
      function: `f${(i * k) % 9973}x${n}.run${i % (k + 7)}`,
      module: `m${i}.n${n}`,
      in_app: true,
    })
    const id = preFingerprint({ language: 'java', kind: `com.acme.E${i}`, frames: [at(1, 3), at(2, 5)], causes: [] })
    seen[i] = BigInt(`0x${id.slice(4, 20)}`)
  }
  seen.sort()
  let equal = 0
  for (let i = 1; i < total; i++) if (seen[i] === seen[i - 1]) equal++
  console.log(`${total} distinct errors, ${equal} of them share the first 64 bits of their id with another`)
  if (equal > 0) process.exitCode = 1
}

/** What others group by, as far as their documentation says, beside ours. */
const KEYS = {
  fp1: (error) => error.id,
  'fp1, location': (error) => error.location,
  'type, message and all frames as printed': ({ kind, message, frames }) =>
    [kind, message, ...frames.map(({ file, line, function: name }) => `${file}:${line}:${name}`)].join('\n'),
  'type and top frame with its line': ({ kind, frames }) => [kind, frames[0]?.file, frames[0]?.line].join('\n'),
  'type and all frames of the application, without lines': ({ kind, frames }) =>
    [kind, ...own(frames).map(({ file, function: name }) => `${file}:${name}`)].join('\n'),
  'type, words of the message and top frame of the application': ({ kind, message, frames }) => {
    const top = own(frames)[0]
    return [kind, (message ?? '').replace(/\S*\d\S*/g, ''), basename(top?.file ?? ''), top?.function].join('\n')
  },
}

function own(frames) {
  const ours = frames.filter((frame) => frame.in_app)
  return ours.length > 0 ? ours : frames
}

/** Pairs of errors of one program: those of one site and kind should share a key, all others should not. */
async function corpus(folder) {
  if (!folder) {
    console.error('corpus: which folder? bench/README.md says what it has to hold')
    process.exit(2)
  }
  const programs = new Map()
  for (const source of readdirSync(folder)) {
    let files = []
    try {
      files = readdirSync(join(folder, source)).filter((file) => file.endsWith('.truth.jsonl'))
    } catch (error) {
      if (error.code !== 'ENOTDIR') throw error
    }
    for (const file of files) {
      const truth = readFileSync(join(folder, source, file), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
      const { kept } = await read(readFileSync(join(folder, source, file.replace('.truth.jsonl', '.log'))), source)
      const labelled = programs.get(source) ?? []
      programs.set(source, labelled)
      for (const [label, error] of aligned(truth, kept)) {
        if (label.site && label.has_stack && (label.frames ?? []).length > 1) labelled.push({ label, error })
      }
    }
  }
  console.log('| key | precision | recall | F1 |\n| --- | ---: | ---: | ---: |')
  for (const [name, keyOf] of Object.entries(KEYS)) {
    let right = 0
    let merged = 0
    let split = 0
    for (const labelled of programs.values()) {
      const all = labelled.map(({ label, error }) => ({ label, key: keyOf(error) }))
      for (let i = 0; i < all.length; i++) {
        for (let j = i + 1; j < all.length; j++) {
          const [a, b] = [all[i], all[j]]
          const same = a.label.site === b.label.site && a.label.kind === b.label.kind
          if (a.key === b.key) same ? right++ : alike(a.label, b.label) || merged++
          else if (same) split++
        }
      }
    }
    const precision = right / (right + merged || 1)
    const recall = right / (right + split || 1)
    const f1 = (2 * precision * recall) / (precision + recall || 1)
    console.log(`| ${name} | ${precision.toFixed(4)} | ${recall.toFixed(4)} | ${f1.toFixed(4)} |`)
  }
}

/** Two sites that a person could not tell apart either: the same kinds, and a function in common near the top. */
function alike(a, b) {
  if (a.kind !== b.kind || a.root_kind !== b.root_kind) return false
  const top = (label) => label.frames.slice(0, 3).map((frame) => `${basename(frame.file ?? '')}|${frame.function}`)
  return top(a).some((frame) => top(b).includes(frame))
}

/** Labels and errors of one log in their order, where they belong together: the longest common subsequence. */
function aligned(truth, errors) {
  const match = (label, error) =>
    (label.kind !== undefined && last(label.kind) === last(error.kind)) ||
    (!!label.message && (error.message ?? error.template ?? '').includes(label.message.split('\n')[0].slice(0, 60)))
  const best = Array.from({ length: truth.length + 1 }, () => new Uint32Array(errors.length + 1))
  for (let i = truth.length - 1; i >= 0; i--) {
    for (let j = errors.length - 1; j >= 0; j--) {
      best[i][j] = Math.max(best[i + 1][j], best[i][j + 1], match(truth[i], errors[j]) ? best[i + 1][j + 1] + 1 : 0)
    }
  }
  const pairs = []
  for (let i = 0, j = 0; i < truth.length && j < errors.length; ) {
    if (match(truth[i], errors[j]) && best[i][j] === best[i + 1][j + 1] + 1) pairs.push([truth[i++], errors[j++]])
    else if (best[i + 1][j] >= best[i][j + 1]) i++
    else j++
  }
  return pairs
}

function last(kind) {
  return (kind ?? '')
    .split('\0')[0]
    .split(/[.:$\\/]+/)
    .pop()
}

/** The errors of a log, as the inputs of their fingerprints, with what fp1 says. */
async function read(bytes, source) {
  const pipeline = await openPipeline({ source })
  const kept = [...pipeline.push(bytes), ...pipeline.end()]
    .filter(({ outcome }) => outcome === 'kept')
    .map(({ record, fingerprint: { id, location } }) => ({
      language: source,
      kind: record.error.kind,
      message: record.error.message,
      template: record.message,
      handled: record.error.handled,
      frames: record.error.frames ?? [],
      causes: (record.error.causes ?? []).map((cause) => ({ ...cause, frames: cause.frames ?? [] })),
      id,
      location,
    }))
  return { kept }
}

const [task = 'cost', argument] = process.argv.slice(2)
const tasks = { cost, collisions, corpus }
if (!Object.hasOwn(tasks, task)) {
  console.error(`unknown task ${task}: cost, collisions [N] or corpus FOLDER`)
  process.exit(2)
}
await tasks[task](argument)
