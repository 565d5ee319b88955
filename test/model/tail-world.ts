/**
 * The world around a tailer, and a model of it in memory: logs that are written, rotated, copied, truncated, deleted,
 * compressed and linked anew, and an agent that looks, reads, is stopped, crashes and meets faults. The model knows what
 * was written to each generation of each log, and from where on something of it may be lost.
 */
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import picomatch from 'picomatch'
import { expect } from 'vitest'
import { disk, type FileLayer, type FileStat, type OpenedFile } from '../../src/tail/files.js'
import { type Kept, Stage, type StageOptions } from '../tail/stage.js'
import { Inodes } from './inodes.js'

/** What a sequence writes is read in far fewer. */
const MOST_TURNS = 500

const LOGS = ['app.log', 'job.log'] as const
type Log = (typeof LOGS)[number]

export type Step =
  | { readonly do: 'write'; readonly log: Log; readonly lines: number; readonly half: boolean }
  | { readonly do: 'rotate' | 'copytruncate' | 'truncate' | 'delete' | 'relink'; readonly log: Log }
  | { readonly do: 'compress'; readonly log: Log; readonly which: number; readonly keepsTime: boolean }
  | { readonly do: 'read some'; readonly blocks: number }
  | { readonly do: 'faults'; readonly code: 'EIO' | 'EMFILE'; readonly count: number; readonly skip: number }
  | { readonly do: 'look' | 'turn' | 'read' | 'checkpoint' | 'grace' | 'stop' | 'start' | 'crash' }

export interface WorldSettings {
  /** Of the globs, below the stage's folder. */
  readonly patterns: readonly string[]
  readonly settings?: Readonly<Record<string, unknown>>
  /** How rotated files are called. */
  readonly names: 'numbers' | 'dates'
  /** Bytes that every generation begins with. */
  readonly header?: number
  /** Whether the logs are links to files that are exchanged, as Kubernetes does. */
  readonly linked?: boolean
}

/** One life of a log, from its creation or truncation on. */
interface Life {
  readonly log: Log
  text: string
  /** Looked at while it held something, in the present run, so that it is open if there is room. */
  held: boolean
  /** In the positions on disk. */
  known: boolean
  /** What is not delivered yet may be lost. */
  mayLose: boolean
  /** Deleted: only a descriptor leads to it. */
  deleted: boolean
  /** Has a name that the globs do not match. */
  rotated: boolean
  /** No name says what it was: it is found again only by what the positions on disk know of it. */
  nameless: boolean
}

export function steps({ linked, header }: WorldSettings): fc.Arbitrary<Step[]> {
  // Truncated and filled again within the header that all have, a file looks as if nothing had happened; and after a
  // crash nothing is known of it but that header.
  const truncates = linked !== true && header === undefined
  const log = fc.constantFrom(...LOGS)
  const of = <T extends Step['do']>(...names: readonly T[]) => fc.constantFrom(...names).map((name) => ({ do: name }))
  const on = <T extends Step['do']>(...names: readonly T[]) => fc.record({ do: fc.constantFrom(...names), log })
  const write = fc.record({
    do: fc.constant('write' as const),
    log,
    lines: fc.integer({ min: 0, max: 40 }),
    half: fc.boolean(),
  })
  const compress = fc.record({
    do: fc.constant('compress' as const),
    log,
    which: fc.nat(3),
    keepsTime: fc.boolean(),
  })
  const faults = fc.record({
    do: fc.constant('faults' as const),
    code: fc.constantFrom('EIO' as const, 'EMFILE' as const),
    count: fc.integer({ min: 1, max: 6 }),
    skip: fc.nat(12),
  })
  const readSome = fc.record({ do: fc.constant('read some' as const), blocks: fc.integer({ min: 1, max: 3 }) })
  return fc.array(
    fc.oneof(
      { weight: 12, arbitrary: write },
      { weight: 6, arbitrary: linked ? on('relink') : on('rotate') },
      { weight: truncates ? 3 : 0, arbitrary: on('copytruncate') },
      { weight: truncates ? 1 : 0, arbitrary: on('truncate') },
      { weight: 1, arbitrary: on('delete') },
      { weight: linked ? 0 : 4, arbitrary: compress },
      { weight: 8, arbitrary: of('look', 'turn', 'read', 'checkpoint', 'grace') },
      { weight: 4, arbitrary: readSome },
      { weight: 6, arbitrary: header === undefined ? of('stop', 'start', 'start', 'crash') : of('stop', 'start') },
      { weight: 2, arbitrary: faults },
    ) as fc.Arbitrary<Step>,
    { maxLength: 30, size: 'max' },
  )
}

export class World {
  readonly stage = new Stage()
  readonly #settings: WorldSettings
  readonly #options: StageOptions
  readonly #lives: Life[] = []
  readonly #current = new Map<Log, Life>()
  readonly #inodes = new Inodes(this.stage.directory)
  readonly #faults = new Faults(this.#inodes, () => this.#changedMs)
  /** Logs of which a rotated file was compressed without keeping its time. */
  readonly #retimed = new Set<Log>()
  /** Logs whose next life may be taken for one that is gone. */
  readonly #disguised = new Set<Log>()
  /** How far each sink had come at the last checkpoint of its run: what it got behind that ends with the run. */
  readonly #inSpool = new Map<Kept, number>()
  /** How many of the sinks belong to runs before this one. */
  #ended = 0
  #running = false
  /** When something was last renamed, made or deleted; ms since the epoch. */
  #changedMs = 0
  #count = 0
  #targets = 0

  constructor(settings: WorldSettings) {
    this.#settings = settings
    this.#options = {
      inputs: [{ paths: settings.patterns.map((pattern) => this.stage.path(pattern)) }],
      settings: { maxBytesPerTurn: 1024, ...settings.settings },
      files: this.#faults.layer,
    }
  }

  async run(all: readonly Step[]): Promise<void> {
    try {
      await this.#take({ do: 'write', log: 'app.log', lines: 1, half: false })
      await this.#start()
      for (const step of all) await this.#take(step)
      this.#faults.end()
      // Nothing else tells a log that holds but the header from the beginning of another.
      if (this.#settings.header !== undefined) for (const log of this.#current.keys()) this.#write(log, 1, false)
      await this.#start()
      // What is looked for where it could not be read is found by the next look; archives are looked into beside it.
      for (let i = 0; i < 4; i++) {
        await this.stage.read(MOST_TURNS)
        await this.stage.tail.examined()
        this.stage.clock.advance(11_000)
      }
      // What came and was rotated under a name that was long gone is looked for once the name is there again.
      for (const log of LOGS) if (!this.#current.has(log)) this.#create(log)
      await this.stage.read(MOST_TURNS)
      await this.stage.stop()
      this.#judge()
    } finally {
      await this.stage.remove()
    }
  }

  async #take(step: Step): Promise<void> {
    // Every step has a time of its own, as it has in life, however coarse the clock of the file system is.
    this.stage.clock.advance(20)
    if ('log' in step) this.#changedMs = this.stage.clock.now()
    switch (step.do) {
      case 'write':
        return this.#write(step.log, step.lines, step.half)
      case 'rotate':
        return this.#rotate(step.log)
      case 'copytruncate':
        return this.#copyTruncate(step.log)
      case 'truncate':
        return this.#truncate(step.log)
      case 'delete':
        return this.#delete(step.log)
      case 'relink':
        return this.#relink(step.log)
      case 'compress':
        return this.#compress(step)
      case 'faults':
        return this.#faults.begin(step)
      case 'start':
        return this.#start()
      case 'stop':
        // Of what was not read beyond the header that all have, nothing is known that tells it apart.
        if (this.#running && this.#settings.header !== undefined) await this.#readAll()
        return this.#stop('stop')
      case 'crash':
        return this.#stop('crash')
    }
    if (this.#running) await this.#let(step)
  }

  async #readAll(): Promise<void> {
    this.#faults.end()
    await this.stage.read(MOST_TURNS)
    this.#looked(true)
  }

  async #let(step: Step): Promise<void> {
    const { stage } = this
    switch (step.do) {
      case 'look':
        await stage.tail.look()
        return this.#looked(false)
      case 'turn':
        await stage.tail.turn(stage.signal)
        return this.#looked(true)
      case 'read some':
        await stage.tail.turn(this.#faults.abortAfter(step.blocks))
        return this.#looked(true)
      case 'read':
      case 'grace':
        if (this.#faults.pending) return
        await stage.read(MOST_TURNS)
        if (step.do === 'grace') {
          stage.clock.advance(11_000)
          await stage.read(MOST_TURNS)
        }
        return this.#looked(true)
      case 'checkpoint':
        this.#spooled()
        await stage.tail.checkpoint()
        return
    }
  }

  async #start(): Promise<void> {
    if (this.#running) return
    this.#faults.ranOut = false
    // A start at which the positions can be neither read nor written ends with a problem; it is tried again.
    while (
      !(await this.stage.start(this.#options).then(
        () => true,
        () => false,
      ))
    );
    this.#running = true
    this.#looked(true)
  }

  async #stop(how: 'stop' | 'crash'): Promise<void> {
    if (!this.#running) return
    await (how === 'stop' ? this.stage.stop() : this.stage.crash())
    if (how === 'stop') this.#spooled()
    this.#running = false
    for (const sink of this.stage.sinks.slice(this.#ended)) {
      if (!this.#inSpool.has(sink)) this.#inSpool.set(sink, sink.file.startOffset)
    }
    this.#ended = this.stage.sinks.length
    expect(this.#faults.open, 'files that nobody closed').toBe(0)
    const isSaved = how === 'stop' && !this.#faults.struck
    this.#faults.struck = false
    for (const life of this.#lives) {
      if (life.held && isSaved) life.known = true
      if (life.deleted || (life.nameless && !life.known)) life.mayLose = true
    }
    for (const life of this.#lives) {
      life.held = false
      // What was seen of its log is forgotten before it was saved.
      const isFollowed = this.#lives.some((one) => one.log === life.log && one.known)
      if (life.rotated && !isFollowed) life.mayLose = true
    }
  }

  /** What the sinks hold back no more is in the spool, as it has to be before every checkpoint. */
  #spooled(): void {
    for (const sink of this.stage.sinks.slice(this.#ended)) this.#inSpool.set(sink, sink.safeOffset)
  }

  /** A look went through; `saved`: and the ids of what it found are durable. */
  #looked(saved: boolean): void {
    if (this.#faults.struck) {
      this.#faults.struck = false
      return
    }
    for (const life of this.#current.values()) {
      if (life.text === '') continue
      life.held = true
      if (saved) life.known = true
    }
  }

  #path(log: Log): string {
    return this.stage.path(log)
  }

  #write(log: Log, lines: number, half: boolean): void {
    if (!this.#current.has(log)) this.#create(log)
    const life = this.#current.get(log)
    if (life === undefined) return
    let text = ''
    if (life.text === '' && this.#settings.header !== undefined) text = `${'#'.repeat(this.#settings.header - 1)}\n`
    for (let i = 0; i < lines; i++) text += `line ${this.#count++} of the log, größer\n`
    if (half) text += `half ${this.#count++} `
    const bytes = Buffer.from(text)
    // Perhaps within a character.
    const now = half && lines % 2 === 1 ? bytes.subarray(0, -3) : bytes
    appendFileSync(this.#path(log), now)
    life.text += now.toString('latin1')
    this.#stamp(this.#path(log))
  }

  #create(log: Log): void {
    if (this.#settings.linked) {
      const target = this.stage.path(`${log}-target${this.#targets++}.txt`)
      writeFileSync(target, '')
      this.#inodes.made(target)
      rmSync(this.#path(log), { force: true })
      symlinkSync(target, this.#path(log))
    } else {
      writeFileSync(this.#path(log), '')
      this.#inodes.made(this.#path(log))
    }
    this.#stamp(this.#path(log))
    this.#begin(log)
  }

  #begin(log: Log): void {
    const life = {
      log,
      text: '',
      held: false,
      known: false,
      mayLose: false,
      deleted: false,
      rotated: false,
      nameless: false,
    }
    life.mayLose = this.#disguised.delete(log)
    this.#lives.push(life)
    this.#current.set(log, life)
  }

  #stamp(path: string): void {
    const seconds = this.stage.clock.now() / 1000
    utimesSync(path, seconds, seconds)
  }

  /** Makes room for the next rotated file, and gives its name. */
  #rotatedName(log: Log): string {
    if (this.#settings.names === 'dates') return `${this.#path(log)}-${20260101 + this.#lives.length}`
    for (let i = 40; i >= 1; i--) {
      for (const end of ['', '.gz']) {
        const from = `${this.#path(log)}.${i}${end}`
        if (existsSync(from)) renameSync(from, `${this.#path(log)}.${i + 1}${end}`)
      }
    }
    return `${this.#path(log)}.1`
  }

  #rotate(log: Log): void {
    const life = this.#current.get(log)
    if (life === undefined) return
    const to = this.#rotatedName(log)
    renameSync(this.#path(log), to)
    // Of a log that was never seen nobody knows that this belongs to it.
    life.rotated = !this.#isMatched(to)
    if (life.rotated && !this.#lives.some((one) => one.log === log && (one.held || one.known))) this.#unname(life)
    this.#create(log)
  }

  #isMatched(path: string): boolean {
    return this.#settings.patterns.some((pattern) => picomatch.isMatch(path, this.stage.path(pattern)))
  }

  #copyTruncate(log: Log): void {
    const life = this.#current.get(log)
    if (life === undefined) return
    const to = this.#rotatedName(log)
    copyFileSync(this.#path(log), to)
    this.#inodes.made(to)
    this.#stamp(to)
    this.#unname(life)
    truncateSync(this.#path(log))
    this.#stamp(this.#path(log))
    this.#begin(log)
  }

  #truncate(log: Log): void {
    const life = this.#current.get(log)
    if (life === undefined) return
    life.mayLose = true
    truncateSync(this.#path(log))
    this.#stamp(this.#path(log))
    this.#begin(log)
  }

  #delete(log: Log): void {
    const life = this.#current.get(log)
    if (life === undefined) return
    rmSync(realpathSync(this.#path(log)))
    rmSync(this.#path(log), { force: true })
    this.#current.delete(log)
    life.deleted = true
    // What no descriptor holds is gone with its name.
    if (!life.held || this.#isTight) life.mayLose = true
    // An empty one that nobody holds may come again with its inode, filled: then nothing seems to have happened.
    if (life.text === '' && this.#isTight) this.#disguised.add(log)
  }

  /** Whether a file with a name may not be held open: there are to be few, or there was no descriptor for another. */
  get #isTight(): boolean {
    return this.#settings.settings?.maxOpenFiles !== undefined || this.#faults.ranOut
  }

  #relink(log: Log): void {
    const life = this.#current.get(log)
    if (life === undefined) return
    this.#unname(life)
    this.#create(log)
  }

  /** From now on a life is known only by what was seen of it. */
  #unname(life: Life): void {
    life.nameless = true
    if (!life.held && !life.known) life.mayLose = true
  }

  #compress({ log, which, keepsTime }: Extract<Step, { do: 'compress' }>): void {
    const rotated = this.#lives.flatMap((_, i) => {
      const name = this.#settings.names === 'dates' ? `${log}-${20260101 + i}` : `${log}.${i + 1}`
      return existsSync(this.stage.path(name)) ? [this.stage.path(name)] : []
    })
    const path = rotated[rotated.length === 0 ? 0 : which % rotated.length]
    if (path === undefined) return
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)))
    this.#inodes.made(`${path}.gz`)
    // New times for several of a row, in another order than they were written, make it look as if it was counted upwards.
    if (keepsTime || this.#retimed.has(log))
      utimesSync(`${path}.gz`, statSync(path).mtimeMs / 1000, statSync(path).mtimeMs / 1000)
    else this.#stamp(`${path}.gz`)
    if (!keepsTime) this.#retimed.add(log)
    rmSync(path)
  }

  /** Holds what every id got against what was written in one life of a log. */
  #judge(): void {
    const byId = new Map<string, Kept[]>()
    for (const sink of this.stage.sinks) byId.set(sink.file.id, [...(byId.get(sink.file.id) ?? []), sink])
    const pieces: Piece[] = []
    const running = this.stage.sinks.slice(this.#ended)
    for (const sink of running) this.#inSpool.delete(sink)
    for (const sinks of byId.values()) pieces.push(...piecesOf(sinks, this.#inSpool, this.#settings.header ?? 0))
    const taken = new Set<Piece>()
    for (const [i, { text, mayLose, log }] of this.#lives.entries()) {
      const header = this.#settings.header ?? 0
      const own = pieces.filter((piece) => {
        return (
          !taken.has(piece) &&
          piece.text !== '' &&
          text.startsWith(piece.text, piece.from) &&
          piece.from + piece.text.length > Math.min(header, text.length - 1)
        )
      })
      // The same header may stand in many; what follows tells them apart, where something does.
      own.sort((a, b) => a.from - b.from)
      if (text.length <= header) own.splice(1)
      // What goes on after all that one before it held, a header and no more, is taken for a copy of that, or for that
      // itself when it got its inode.
      const isBare = (life: Life) => life.text !== '' && life.text.length <= header
      let to = own[0]?.from === header && this.#lives.slice(0, i).some(isBare) ? header : 0
      for (const piece of own) {
        expect(piece.from, `a piece of ${log} came twice or is missing`).toBe(to)
        to += piece.text.length
        taken.add(piece)
      }
      // One that is nothing but the header cannot be told from the beginning of another.
      if (!mayLose && text.length > header) expect(text.slice(to), `what of ${log} did not arrive`).toBe('')
    }
    // Of a life that was lost perhaps nothing but the header arrived.
    const isHeader = ({ from, text }: Piece) => from + text.length <= (this.#settings.header ?? 0)
    const mayLose = this.#lives.filter((life) => life.mayLose)
    const strange = pieces.filter((piece) => {
      return piece.text !== '' && !taken.has(piece) && !(isHeader(piece) && mayLose.length > 0)
    })
    expect(strange.map(({ from, text }) => `${from}: ${text}`)).toEqual([])
    // An inode that nobody holds may go to a copy, and what that holds counts as lost where it stood before.
    if (mayLose.length === 0 && !this.#isTight) expect(this.stage.lost).toEqual([])
    if (!this.#faults.begun) expect(this.stage.problems).toEqual([])
    expect(this.stage.stuck).toEqual([])
  }
}

interface Piece {
  /** Offset of its first byte. */
  readonly from: number
  readonly text: string
}

/**
 * What all sinks of one id got, each up to its end in `ends` if it has one; what came again must be what came before. Only
 * where two lives have the same long header may one be taken for the other, and go on with its id.
 */
function piecesOf(sinks: readonly Kept[], ends: ReadonlyMap<Kept, number>, header: number): Piece[] {
  const pieces: Piece[] = []
  for (const sink of sinks) {
    const { startOffset: from } = sink.file
    const bytes = sink.bytes.subarray(0, (ends.get(sink) ?? Number.POSITIVE_INFINITY) - from).toString('latin1')
    const last = pieces.at(-1)
    const again = last?.text.slice(from - last.from) ?? ''
    const isSame = bytes.slice(0, again.length) === again.slice(0, bytes.length)
    if (last === undefined || (!isSame && from < header)) {
      pieces.push({ from, text: bytes })
      continue
    }
    expect(from, 'something was passed over').toBeLessThanOrEqual(last.from + last.text.length)
    expect(from, 'something came from before the beginning').toBeGreaterThanOrEqual(last.from)
    expect(bytes.slice(0, again.length)).toBe(again.slice(0, bytes.length))
    const text = last.text.slice(0, from - last.from) + bytes + again.slice(bytes.length)
    pieces[pieces.length - 1] = { from: last.from, text }
  }
  return pieces
}

/**
 * A file layer that fails on demand, and ends turns in their middle. Calls that are made at once come back in the order in
 * which they were made, so that a sequence has the same outcome each time.
 */
class Faults {
  readonly #inodes: Inodes
  readonly #changedMs: () => number
  #last: Promise<unknown> = Promise.resolve()
  #left = 0
  #skip = 0
  #code = ''
  /** A fault came since this was last set back. */
  struck = false
  begun = false
  /** There was no descriptor for another file since this was last set back. */
  ranOut = false
  /** Files that are open now. */
  open = 0
  #abort: AbortController | undefined
  #blocks = 0

  /** `changedMs` is the time that directories tell. */
  constructor(inodes: Inodes, changedMs: () => number) {
    this.#inodes = inodes
    this.#changedMs = changedMs
  }

  get pending(): boolean {
    return this.#left > 0
  }

  begin({ code, count, skip }: Extract<Step, { do: 'faults' }>): void {
    this.begun = true
    this.#code = code
    this.#left = count
    this.#skip = skip
  }

  end(): void {
    this.#left = 0
  }

  /** Fires when that many blocks were read. */
  abortAfter(blocks: number): AbortSignal {
    this.#abort = new AbortController()
    this.#blocks = blocks
    return this.#abort.signal
  }

  get layer(): FileLayer {
    const quick = (file: OpenedFile): OpenedFile => ({
      ...file,
      close: async () => {
        this.open--
        await file.close()
      },
      // Syncing takes long, and a process that ends leaves what it wrote all the same.
      sync: async () => this.#meet(),
      stat: () => this.#then(() => file.stat()),
      write: (text) => this.#then(() => file.write(text)),
      read: (buffer, start, length, position) =>
        this.#then(() => {
          if (length > 1000 && --this.#blocks === 0) this.#abort?.abort()
          return file.read(buffer, start, length, position)
        }),
    })
    return {
      ...disk,
      openToRead: (path) =>
        this.#then(async () => this.#opened(await this.#inodes.opened(await disk.openToRead(path)), quick)),
      openToWrite: (path) => this.#then(async () => this.#opened(await disk.openToWrite(path), quick)),
      stat: (path) => this.#then(async () => this.#seen(await disk.stat(path))),
      list: (path) =>
        this.#then(async () => {
          const { files, directories, links } = await disk.list(path)
          return { files: files.toSorted(), directories: directories.toSorted(), links: links.toSorted() }
        }),
      rename: (from, to) => this.#then(() => disk.rename(from, to)),
      syncDirectory: async () => this.#meet(),
    }
  }

  #opened(file: OpenedFile, quick: (file: OpenedFile) => OpenedFile): OpenedFile {
    this.open++
    return quick(file)
  }

  #seen(stat: FileStat): FileStat {
    return stat.kind === 'directory' ? { ...stat, mtimeMs: this.#changedMs() } : this.#inodes.seen(stat)
  }

  async #then<T>(work: () => Promise<T>): Promise<T> {
    this.#meet()
    const result = this.#last.then(work)
    this.#last = result.catch(() => undefined)
    return result
  }

  #meet(): void {
    if (this.#left === 0 || this.#skip-- > 0) return
    this.#left--
    this.struck = true
    if (this.#code === 'EMFILE') this.ranOut = true
    throw Object.assign(new Error(this.#code), { code: this.#code })
  }
}
