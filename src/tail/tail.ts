/**
 * The tailer: finds the files of the inputs, reads what they grow by in fair turns, and keeps its place over rotation,
 * truncation and restart. It pushes bytes exactly as read, every byte of a generation once and in order; lines are
 * others' work. Waiting is the caller's: it stops calling `turn` and goes on calling `look`.
 */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../core/clock.js'
import type { Logger } from '../core/log.js'
import { ProblemsError } from '../core/problem.js'
import { Archives } from './archives.js'
import { Checkpoints, type State } from './checkpoints.js'
import { Copies } from './copies.js'
import { Descriptors } from './descriptors.js'
import type { FileSink, Generation, ReadOutcome, TailedFile } from './file.js'
import { codeOf, disk, type FileLayer } from './files.js'
import { OVERLAP } from './identity.js'
import { Inputs, type TailInput } from './inputs.js'
import { Ledger } from './ledger.js'
import { Look } from './look.js'
import { guarded } from './roots.js'
import type { TailSettings } from './settings.js'
import { explainCode, Troubles } from './troubles.js'
import { Turns } from './turns.js'
import { unpacking } from './unpack.js'
import { STUCK_MS, Vigil } from './vigil.js'
import { Watch } from './watch.js'

export interface TailHooks {
  /** Called before the first byte of a generation is pushed; `head` is the beginning of a file that is not read from there. */
  open(file: TailedFile, head: Buffer | undefined): FileSink
  /** Whether `open` wants a `head`, which is read for it only. Default: of every file. */
  needsHead?(file: TailedFile): boolean
  /** Whether files whose sinks hold nothing open are to wait: what is open has to end first. Default: never. */
  isFull?(): boolean
  /** A loss that is known: unread bytes of a file that was truncated or deleted. */
  lost(file: TailedFile, bytes: number, reason: string): void
  /** Something that a person can mend; told once, until it was well in between. */
  problem(path: string, what: string, mend: string): void
  /** A file that was not read on and was opened anew; told as a problem is. */
  stuck(path: string, what: string, mend: string): void
  /** A symbolic link that leads out of its input's roots and is not followed; told as a problem is. */
  refused(path: string, what: string, mend: string): void
}

export interface TailOptions {
  readonly inputs: readonly TailInput[]
  readonly settings: TailSettings
  /** Where the positions are kept; made when missing. */
  readonly stateDir: string
  readonly clock: Clock
  readonly log: Logger
  readonly hooks: TailHooks
  /** `device:inode` of files that must never be tailed: the agent's own outputs and log. See `fileKey`. */
  readonly own?: ReadonlySet<string>
  /** Read what is there now, files without a position from their beginning, and look no further. */
  readonly once?: boolean
  readonly files?: FileLayer
  /** 16 hex digits, never the same twice. */
  readonly mintId?: () => string
}

/**
 * Bytes after which a turn ends although there is more, so that the caller gets to its other work: what errors make of
 * them waits in memory until then, and may be three times as much.
 */
const TURN_BYTES = 1 << 20

interface Block {
  readonly generation: Generation
  readonly outcome: ReadOutcome | 'nearer' | 'failed'
  /** In the buffer behind `OVERLAP`. */
  readonly buffer: Buffer
  readonly bytes: number
  /** File offset of the first byte. */
  readonly from: number
  /** The beginning of a file of which nothing was pushed yet, where it is not the block's. */
  readonly head?: Buffer | undefined
}

export class Tail {
  readonly #options: TailOptions
  readonly #files: FileLayer
  readonly #checkpoints: Checkpoints
  readonly #ledger: Ledger
  readonly #descriptors: Descriptors
  readonly #copies: Copies
  readonly #archives: Archives
  readonly #look: Look
  readonly #watch: Watch | undefined
  readonly #troubles: Troubles
  readonly #own: Set<string>
  readonly #turns = new Turns<Generation>()
  readonly #vigil = new Vigil()
  /** One is read into while the other is being pushed. */
  readonly #buffers: [Buffer, Buffer]
  /** Paths that an event named since the last look. */
  readonly #changed = new Set<string>()
  /** Names came or went since the last look. */
  #moved = false
  #nextLookAt = 0
  /** After a look the next waits at least as long as this, however many events come. */
  #pauseMs = 0
  #lastLookAt = 0
  #wake: (() => void) | undefined

  constructor(options: TailOptions) {
    const { settings, clock, hooks } = options
    this.#options = options
    this.#files = options.files ?? disk
    this.#own = new Set(options.own)
    this.#troubles = new Troubles((path, what, mend) => hooks.problem(path, what, mend))
    const inputs = new Inputs(options.inputs, this.#files)
    const files = unpacking(guarded(this.#files, () => inputs.roots))
    this.#checkpoints = new Checkpoints(options.stateDir, this.#files)
    this.#ledger = new Ledger({
      checkpoints: this.#checkpoints,
      globs: inputs.globs.map((glob) => glob.pattern),
      clock,
      forgetAfter: settings.forgetAfter,
      troubles: this.#troubles,
      mintId: options.mintId ?? (() => randomBytes(8).toString('hex')),
    })
    this.#descriptors = new Descriptors({
      files,
      clock,
      limit: settings.maxOpenFiles,
      tooMany: (path, most) =>
        hooks.problem(
          path,
          `could not be opened: too many files are open. From now on ${most} files are held open; every file has its turn all the same.`,
          'Raise the limit (ulimit -n), or lower tail.maxOpenFiles.',
        ),
      enough: () => options.log.info(`${settings.maxOpenFiles} files are held open again, as tail.maxOpenFiles allows`),
    })
    const shared = { inputs, files, ledger: this.#ledger, descriptors: this.#descriptors, clock }
    const isOwn = (key: string) => this.#own.has(key)
    this.#copies = new Copies({ ...shared, fingerprintBytes: settings.fingerprintBytes, isOwn })
    this.#archives = new Archives({ ...shared, copies: this.#copies, makingMs: settings.rotatedGrace })
    this.#look = new Look({
      ...shared,
      copies: this.#copies,
      archives: this.#archives,
      settings,
      once: options.once ?? false,
      isOwn,
      lost: (file, bytes, reason) => hooks.lost(file, bytes, reason),
      problem: (path, what, mend) => hooks.problem(path, what, mend),
      refused: (path, what, mend) => hooks.refused(path, what, mend),
      debug: (facts, text) => options.log.debug(facts, text),
    })
    const size = OVERLAP + settings.maxBytesPerTurn
    this.#buffers = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)]
    if (!settings.watch || options.once === true) return
    this.#watch = new Watch(inputs.globs, {
      changed: (path) => {
        this.#changed.add(path)
        this.#wake?.()
      },
      moved: () => {
        this.#moved = true
        this.#wake?.()
      },
      trouble: (what) => options.log.debug({ what }, 'file system events are missing; the poll goes on'),
    })
  }

  /** Loads the positions and finds the files. Rejects with a ProblemsError when positions can be neither read nor written. */
  async start(): Promise<void> {
    const { clock, hooks, stateDir } = this.#options
    let last: State | undefined
    try {
      const path = this.#checkpoints.path
      const mend = 'Files are treated as at a first start; look whether the disk is sound.'
      last = await this.#checkpoints.load(clock.now(), (what) => hooks.problem(path, what, mend))
    } catch (error) {
      throw stateProblem(stateDir, `cannot be used for the positions (${codeOf(error)}).`)
    }
    if (last !== undefined) this.#ledger.recall(last)
    await this.#lookNow(last ?? null)
    // The globs are on disk from here on: what they match after a restart has appeared since.
    if (!(await this.#ledger.save())) throw stateProblem(stateDir, 'takes no positions.')
  }

  /** Looks at the disk when it is time or an event said so; reads nothing. Call it while reading has to wait. */
  async look(): Promise<void> {
    if (this.#options.once === true) {
      // Only where a name led elsewhere since: otherwise growing files would keep it from ever ending.
      if (this.#moved) await this.#lookNow()
      return
    }
    const now = this.#options.clock.now()
    // A clock that was set back must not stop the looks.
    if (now < this.#lastLookAt) this.#nextLookAt = now
    if (now >= this.#nextLookAt || (this.#moved && now - this.#lastLookAt >= this.#pauseMs)) {
      await this.#lookNow()
      return
    }
    const changed = [...this.#changed]
    this.#changed.clear()
    for (const path of changed) if (!(await this.#look.lookAt(path))) this.#moved = true
  }

  /**
   * Looks if it is time, then reads in fair turns, at most about 1 MiB, and pushes what was read. Resolves to the number
   * of bytes; 0 when there is nothing to read now. Every block that was read is pushed, also when `signal` fires.
   */
  async turn(signal: AbortSignal): Promise<number> {
    await this.look()
    this.#vigil.turned()
    if (this.#ledger.unsaved) await this.#ledger.save()
    for (const generation of this.#ledger.live.values()) if (isReady(generation)) this.#turns.add(generation)
    let total = 0
    let side = 0
    const more = () => (total < TURN_BYTES && !signal.aborted ? this.#begin((side ^= 1)) : undefined)
    let reading = more()
    while (reading !== undefined) {
      const block = await reading
      if (block.outcome !== 'bytes') {
        total += block.bytes
        await this.#settle(block)
        reading = more()
        continue
      }
      total += block.bytes
      if (isReady(block.generation)) this.#turns.add(block.generation)
      // The next block is read while this one is worked on.
      reading = more()
      this.#push(block)
    }
    return total
  }

  /** Whether everything that the last look saw is read. */
  atEnd(): boolean {
    for (const generation of this.#ledger.live.values()) if (generation.behind && !generation.parked) return false
    return true
  }

  /** The ids of the files of which there is more to read. */
  behind(): Set<string> {
    const ids = new Set<string>()
    for (const generation of this.#ledger.live.values()) if (generation.behind) ids.add(generation.file.id)
    return ids
  }

  /** Resolves when no compressed file is being unpacked to see what is new in it. */
  examined(): Promise<void> {
    return this.#archives.idle()
  }

  /** Live files, and how far they are read; in bytes. */
  progress(): { files: number; bytesRead: number; bytesTotal: number } {
    let bytesRead = 0
    let bytesTotal = 0
    for (const generation of this.#ledger.live.values()) {
      bytesRead += generation.offset
      bytesTotal += generation.size
    }
    return { files: this.#ledger.live.size, bytesRead, bytesTotal }
  }

  /** Open descriptors of tailed files, for metrics. */
  get openFiles(): number {
    return this.#descriptors.size
  }

  /** Resolves when there may be something to read: an event, the time of the next look, or `signal`. */
  async wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const now = this.#options.clock.now()
    const hinted = this.#moved || this.#changed.size > 0
    const until = hinted ? Math.min(this.#lastLookAt + this.#pauseMs, this.#nextLookAt) : this.#nextLookAt
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        this.#wake = undefined
        resolve()
      }
      const timer = setTimeout(done, Math.max(0, until - now))
      signal.addEventListener('abort', done, { once: true })
      if (!hinted) this.#wake = done
    })
  }

  /**
   * Makes the sinks' present safe offsets durable. What lies before them must be durable already. False when it could
   * not be written (a problem is told); the positions before then still stand.
   */
  checkpoint(): Promise<boolean> {
    return this.#ledger.checkpoint()
  }

  /** From now on the file with this `device:inode` is not tailed. */
  async exclude(key: string): Promise<void> {
    this.#own.add(key)
    const generation = this.#ledger.live.get(key)
    if (generation === undefined) return
    this.#turns.remove(generation)
    this.#ledger.drop(generation)
    generation.sink?.close()
    await this.#descriptors.close(generation)
  }

  /**
   * For an orderly stop, before its last checkpoint: closes the sinks of files that were deleted and are read to their
   * end, because no restart can read their half lines and open groups again. What only a look of this run can find is
   * found before.
   */
  async closeDeleted(): Promise<void> {
    if (this.#look.isPending) await this.#lookNow()
    for (const generation of [...this.#ledger.live.values()]) {
      if (generation.leavingSince === undefined || generation.behind) continue
      const stat = await generation.handle?.stat().catch(() => undefined)
      if (stat === undefined || stat.links > 0 || stat.size > generation.offset) continue
      generation.sink?.close()
      this.#ledger.remember(generation)
      await this.#descriptors.close(generation)
    }
  }

  /** Frees everything; writes nothing. Sinks stay as they are: what they hold open is read again after the restart. */
  async stop(): Promise<void> {
    this.#wake?.()
    await this.#watch?.close()
    await this.#archives.stop()
    await this.#descriptors.closeAll()
  }

  async #lookNow(last?: State | null): Promise<void> {
    const { clock, settings } = this.#options
    const began = clock.now()
    this.#moved = false
    this.#changed.clear()
    await this.#watch?.cover((directory) =>
      this.#files.stat(directory).then(
        (stat) => stat.kind === 'directory',
        () => false,
      ),
    )
    await this.#look.look(last)
    for (const generation of this.#vigil.stuck(this.#ledger.live.values(), began)) await this.#openAnew(generation)
    const ended = clock.now()
    // With very many files a look takes long: it may take a tenth of the time, but the next is never far. The first,
    // which opens every file, says nothing about the others.
    const rest = last === undefined ? Math.min((ended - began) * 9, settings.poll * 10) : 0
    this.#lastLookAt = ended
    this.#pauseMs = Math.max(20, rest)
    this.#nextLookAt = ended + Math.max(settings.poll, rest)
  }

  async #openAnew(generation: Generation): Promise<void> {
    const path = generation.place ?? generation.file.path
    const what = `holds more than the ${generation.offset} bytes that were read of it, and was not read on for ${STUCK_MS / 1000} s.`
    this.#options.hooks.stuck(path, what, 'It is opened anew; nothing is lost. Look whether its disk answers.')
    await this.#descriptors.renew(generation)
    generation.after = undefined
    generation.stirred = true
  }

  /** Begins to read the next file in turn, if any. Never rejects. */
  #begin(side: number): Promise<Block> | undefined {
    const isFull = this.#options.hooks.isFull?.() ?? false
    const generation = this.#turns.next((one) => isReady(one) && (!isFull || one.sink?.isOpen === true))
    if (generation === undefined) return undefined
    return this.#read(generation, this.#buffers[side === 0 ? 0 : 1])
  }

  async #read(generation: Generation, buffer: Buffer): Promise<Block> {
    const { maxBytesPerTurn, fingerprintBytes } = this.#options.settings
    try {
      if (!(await this.#descriptors.ensure(generation))) {
        this.#moved = true
        return { generation, outcome: 'failed', buffer, bytes: 0, from: 0 }
      }
      const from = generation.offset
      // Far into a compressed file it takes long; the others have their turns in between.
      if ((await generation.handle?.approach?.(from - generation.seen.length)) === false) {
        return { generation, outcome: 'nearer', buffer, bytes: maxBytesPerTurn, from }
      }
      const head = this.#needsHead(generation, from) ? await generation.beginning() : undefined
      return { generation, buffer, from, head, ...(await generation.read(buffer, maxBytesPerTurn, fingerprintBytes)) }
    } catch (error) {
      this.#troubles.tell(generation.place ?? generation.file.path, ...explainCode(codeOf(error)))
      // A descriptor can go stale for good; the name leads to the file all the same.
      await this.#descriptors.renew(generation)
      return { generation, outcome: 'failed', buffer, bytes: 0, from: 0 }
    }
  }

  /** Whether the file's beginning has to be read for whoever takes what comes from `from` on. */
  #needsHead({ sink, file }: Generation, from: number): boolean {
    return sink === undefined && from > 0 && (this.#options.hooks.needsHead?.(file) ?? true)
  }

  #push({ generation, buffer, bytes, from, head }: Block): void {
    const { hooks, clock } = this.#options
    const path = generation.place ?? generation.file.path
    this.#troubles.over(path)
    if (generation.leavingSince !== undefined) generation.leavingSince = clock.now()
    try {
      const { file } = generation
      generation.sink ??= hooks.open(file.startOffset === from ? file : { ...file, startOffset: from }, head)
      generation.sink.push({ bytes: buffer.subarray(OVERLAP, OVERLAP + bytes), offset: from })
    } catch (error) {
      // A sink that fails on some bytes must keep nobody from reading on behind them.
      const what = `holds bytes, ${from} to ${from + bytes}, on which errand failed: ${String(error)}.`
      this.#troubles.tell(path, what, 'They are passed over. Please report it, with these bytes.')
      hooks.lost(generation.file, bytes, 'errand failed on them')
      closeQuietly(generation.sink)
      generation.sink = undefined
    }
  }

  async #settle({ generation, outcome }: Block): Promise<void> {
    if (outcome === 'failed') generation.parked = true
    else if (outcome === 'gone') {
      // What took its place may be for a look to find.
      this.#moved = true
      for (const one of await this.#look.renew(generation)) if (!one.ended && isReady(one)) this.#turns.add(one)
    } else if (isReady(generation)) this.#turns.add(generation)
  }
}

/** Lets a sink that failed hand on what it has, if it can. */
function closeQuietly(sink: FileSink | undefined): void {
  try {
    sink?.close()
  } catch {
    // It was told when it failed first.
  }
}

/** Whether there is something to read and nothing to wait for. */
function isReady(generation: Generation): boolean {
  const { after } = generation
  if (after !== undefined && (!after.behind || after.parked || after.ended)) generation.after = undefined
  return generation.saved && !generation.parked && generation.after === undefined && generation.behind
}

function stateProblem(stateDir: string, what: string): ProblemsError {
  const mend = 'Let the agent write there, or set stateDir to a directory it may write.'
  return new ProblemsError([{ place: { file: stateDir }, what, mend, severity: 'error' }])
}
