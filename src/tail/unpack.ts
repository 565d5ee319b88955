/**
 * Compressed log files as files: what `read` and `stat` say of them is said of their content. Content comes forward only,
 * so going back costs unpacking from the start; a little of the beginning and of what was last read is kept.
 * A damaged file ends where it can no longer be unpacked, at the same byte every time.
 */
import { pipeline, Readable, type Transform } from 'node:stream'
import * as zlib from 'node:zlib'
import type { FileLayer, FileStat, OpenedFile, Stamp } from './files.js'

/** Counts what it has taken of its input. */
type Stream = Transform & { readonly bytesWritten: number }

interface Kind {
  readonly suffix: string
  readonly magic: Buffer
  /** Undefined where this Node.js cannot unpack it. */
  readonly make: ((options: zlib.ZlibOptions) => Stream) | undefined
  /** Whether the unpacker goes on with a further part (member, frame) of the file by itself. */
  readonly takesParts: boolean
}

/** Since Node.js 22.15. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: (options: zlib.ZlibOptions) => Stream }

const KINDS: readonly Kind[] = [
  { suffix: '.gz', magic: Buffer.from([0x1f, 0x8b]), make: zlib.createGunzip, takesParts: true },
  {
    suffix: '.zst',
    magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
    make: createZstdDecompress,
    takesParts: false,
  },
]

/** The name that a file had before it was compressed: `app.log.1` of `app.log.1.gz`; undefined for other names. */
export function plainName(name: string): string | undefined {
  const kind = KINDS.find(({ suffix }) => name.length > suffix.length && name.endsWith(suffix))
  return kind && name.slice(0, -kind.suffix.length)
}

/** A compressed file keeps the time of what it was made of, with some programs to the second only. */
export const PACKED_SLACK_MS = 2000

/** The code of the error that opening a compressed file throws where this Node.js cannot unpack it. */
export const CANNOT_UNPACK = 'ECANNOTUNPACK'

/** Bytes of content that one step of `approach` passes over. */
const STEP = 4 << 20
/** Bytes of the beginning that are kept. */
const HEAD = 64 << 10
const CHUNK = 64 << 10

/** A file layer in which what is compressed opens as its content. */
export function unpacking(files: FileLayer): FileLayer {
  const sizes = new Sizes()
  return {
    ...files,
    openToRead: async (path) => {
      const opened = await files.openToRead(path)
      const kind = KINDS.find(({ suffix }) => path.endsWith(suffix))
      if (kind === undefined) return opened
      try {
        const start = Buffer.alloc(kind.magic.length)
        const got = await opened.read(start, 0, start.length, 0)
        // Someone may call a text so.
        if (got < start.length || !start.equals(kind.magic)) return opened
        if (kind.make === undefined) throw Object.assign(new Error(CANNOT_UNPACK), { code: CANNOT_UNPACK })
        const { make, takesParts } = kind
        return new Unpacked(opened, await opened.stat(), { make, takesParts }, sizes)
      } catch (error) {
        await opened.close().catch(() => undefined)
        throw error
      }
    },
  }
}

/** Sizes of content that were found by unpacking it all, which is dear. */
class Sizes {
  /** By identity and stamp, the least recently found first. */
  readonly #known = new Map<string, Size>()

  get(stat: FileStat): Size | undefined {
    return this.#known.get(keyOf(stat))
  }

  set(stat: FileStat, size: Size): void {
    this.#known.set(keyOf(stat), size)
    const [oldest] = this.#known.keys()
    if (this.#known.size > 10_000 && oldest !== undefined) this.#known.delete(oldest)
  }
}

function keyOf({ key, size, mtimeMs }: FileStat): string {
  return `${key} ${size} ${mtimeMs}`
}

interface Size {
  readonly bytes: number
  /** Whether the file could be unpacked to its end. */
  readonly whole: boolean
}

type Unpacking = { readonly make: (options: zlib.ZlibOptions) => Stream; readonly takesParts: boolean }

class Unpacked implements OpenedFile {
  readonly packed: Stamp
  readonly #raw: OpenedFile
  readonly #rawStat: FileStat
  readonly #kind: Unpacking
  readonly #sizes: Sizes
  #unpacker: Unpacker | undefined
  /** The first bytes of the content, as far as they were seen. */
  #head = Buffer.alloc(0)
  /** The content that was unpacked last. */
  #window: Buffer = Buffer.alloc(0)
  /** Offset of the first byte of the window in the content. */
  #from = 0
  #ended = false

  constructor(raw: OpenedFile, rawStat: FileStat, kind: Unpacking, sizes: Sizes) {
    this.#raw = raw
    this.#rawStat = rawStat
    this.packed = { size: rawStat.size, mtimeMs: rawStat.mtimeMs }
    this.#kind = kind
    this.#sizes = sizes
  }

  async read(buffer: Buffer, start: number, length: number, position: number): Promise<number> {
    const end = position + length
    if (end <= this.#head.length) return this.#head.copy(buffer, start, position, end)
    if (position < this.#from) this.#restart()
    while (this.#to < end && !this.#ended) await this.#pull(position)
    const at = position - this.#from
    return at >= this.#window.length
      ? 0
      : this.#window.copy(buffer, start, at, Math.min(at + length, this.#window.length))
  }

  /** Unpacks it all, unless that was done before. */
  async stat(): Promise<FileStat> {
    return { ...this.#rawStat, size: (await this.#measured()).bytes }
  }

  async isWhole(): Promise<boolean> {
    return (await this.#measured()).whole
  }

  async approach(position: number): Promise<boolean> {
    if (position < this.#from) this.#restart()
    const until = this.#to + STEP
    while (this.#to < position && !this.#ended) {
      if (this.#to >= until) return false
      await this.#pull(position)
    }
    return true
  }

  write(): Promise<void> {
    return Promise.reject(new Error('a compressed file is not written to'))
  }

  sync(): Promise<void> {
    return Promise.reject(new Error('a compressed file is not written to'))
  }

  realPath(): Promise<string | undefined> {
    return this.#raw.realPath?.() ?? Promise.resolve(undefined)
  }

  async close(): Promise<void> {
    this.#restart()
    await this.#raw.close()
  }

  get #to(): number {
    return this.#from + this.#window.length
  }

  async #measured(): Promise<Size> {
    const known = this.#sizes.get(this.#rawStat)
    if (known !== undefined) return known
    while (!this.#ended) await this.#pull(Number.MAX_SAFE_INTEGER)
    const size = { bytes: this.#to, whole: this.#unpacker?.whole ?? false }
    this.#sizes.set(this.#rawStat, size)
    return size
  }

  /** Takes the next piece of content; forgets what lies before `keepFrom`. */
  async #pull(keepFrom: number): Promise<void> {
    this.#unpacker ??= new Unpacker(this.#raw, this.#rawStat.size, this.#kind)
    let piece: Buffer | undefined
    try {
      piece = await this.#unpacker.next()
    } catch (error) {
      this.#restart()
      throw error
    }
    if (piece === undefined) {
      this.#ended = true
      return
    }
    const to = this.#to
    if (to === this.#head.length && to < HEAD) this.#head = Buffer.concat([this.#head, piece.subarray(0, HEAD - to)])
    const drop = Math.max(0, Math.min(keepFrom - this.#from, this.#window.length))
    this.#window = drop === this.#window.length ? piece : Buffer.concat([this.#window.subarray(drop), piece])
    this.#from += drop
  }

  #restart(): void {
    this.#unpacker?.end()
    this.#unpacker = undefined
    this.#window = Buffer.alloc(0)
    this.#from = 0
    this.#ended = false
  }
}

/** One passage through the content. */
class Unpacker {
  /** Whether the end was met without damage. */
  whole = false
  readonly #raw: OpenedFile
  readonly #rawSize: number
  readonly #kind: Unpacking
  /** Where the present part begins, in the compressed file. */
  #part = 0
  #stream: Stream | undefined
  #pieces: AsyncIterator<Buffer> | undefined
  #readError: Error | undefined

  constructor(raw: OpenedFile, rawSize: number, kind: Unpacking) {
    this.#raw = raw
    this.#rawSize = rawSize
    this.#kind = kind
  }

  /** The next piece, owned by the caller; undefined at the end or where damage begins. Rejects when reading does. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      this.#pieces ??= this.#begin()
      try {
        const { value, done } = await this.#pieces.next()
        if (done !== true) return value
      } catch {
        if (this.#readError !== undefined) throw this.#readError
        return undefined
      }
      const consumed = this.#stream?.bytesWritten ?? 0
      this.#part += consumed
      if (this.#kind.takesParts || consumed === 0 || this.#part >= this.#rawSize) {
        this.whole = true
        return undefined
      }
      this.#pieces = undefined
    }
  }

  end(): void {
    this.#stream?.destroy()
  }

  #begin(): AsyncIterator<Buffer> {
    // One byte of room makes the unpacker wait for its reader after each piece, so that damage never overtakes content.
    const options = { chunkSize: CHUNK, readableHighWaterMark: 1 }
    const stream = this.#kind.make(options)
    this.#stream = stream
    // What goes wrong arrives at the iterator.
    pipeline(Readable.from(this.#compressed(this.#part), { objectMode: false }), stream, () => {})
    return stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  }

  async *#compressed(from: number): AsyncGenerator<Buffer> {
    for (let at = from; at < this.#rawSize; ) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK, this.#rawSize - at))
      let got: number
      try {
        got = await this.#raw.read(buffer, 0, buffer.length, at)
      } catch (error) {
        this.#readError = error as Error
        throw error
      }
      if (got === 0) return
      at += got
      yield buffer.subarray(0, got)
    }
  }
}
