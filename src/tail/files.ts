/**
 * The one way from the tailer to the file system, thin enough that a test can put faults between any two steps.
 * Throws what `node:fs` throws; what an error means is the caller's to say.
 */
import { type BigIntStats, constants, promises as fs, type Stats } from 'node:fs'

export interface FileStat {
  /** `device:inode`, in decimal: what a file is, whatever it is called. */
  readonly key: string
  readonly device: string
  /** In bytes. */
  readonly size: number
  /** ms since the epoch, with fractions. */
  readonly mtimeMs: number
  readonly kind: 'file' | 'directory' | 'other'
  /** How many names it has; 0 once the last was deleted and only descriptors hold it. */
  readonly links: number
}

/** The names in a directory, by kind, without what can never be read as a log (pipes, sockets, devices). */
export interface Names {
  readonly files: readonly string[]
  readonly directories: readonly string[]
  /** Symbolic links, wherever they lead. */
  readonly links: readonly string[]
}

export interface OpenedFile {
  /** Reads up to `length` bytes at file offset `position` into `buffer` from `start` on; the number read, 0 at the end. */
  read(buffer: Buffer, start: number, length: number, position: number): Promise<number>
  stat(): Promise<FileStat>
  write(text: string): Promise<void>
  /** Makes what was written durable. */
  sync(): Promise<void>
  /** Where the system says that the opened file is, links followed; undefined when it does not say. */
  realPath?(): Promise<string | undefined>
  close(): Promise<void>
  /** Of a compressed file that is read as its content: the file itself. */
  readonly packed?: Stamp
  /** Whether a compressed file could be unpacked to its end; its size is that of what could. */
  isWhole?(): Promise<boolean>
  /** Where going to a position takes long: goes a step of the way; true when it is there. */
  approach?(position: number): Promise<boolean>
}

/** The compressed file itself; together with its identity, what tells it from a later one. */
export interface Stamp {
  /** In bytes, compressed. */
  readonly size: number
  readonly mtimeMs: number
}

export interface FileLayer {
  openToRead(path: string): Promise<OpenedFile>
  /** Empties the file or makes it, readable by its owner only. */
  openToWrite(path: string): Promise<OpenedFile>
  /** Follows symbolic links. */
  stat(path: string): Promise<FileStat>
  /** The path without symbolic links. */
  realPath(path: string): Promise<string>
  list(directory: string): Promise<Names>
  readText(path: string): Promise<string>
  rename(from: string, to: string): Promise<void>
  /** With its parents; present is fine. */
  makeDirectory(path: string): Promise<void>
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>
}

/** The `code` of a system error (`ENOENT`), or its text when it has none. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return String(error)
}

/** Whether the error says that there is no such file or directory. */
export function isGone(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/**
 * The stats as doubles, which of thousands of files in each poll is much less garbage; as integers only where an inode or a
 * device is beyond those of a double, as on some file systems.
 */
async function statBy(quick: () => Promise<Stats>, exact: () => Promise<BigIntStats>): Promise<FileStat> {
  const stats = await quick()
  if (Number.isSafeInteger(stats.ino) && Number.isSafeInteger(stats.dev)) return statOf(stats)
  return statOf(await exact())
}

/** Devices are few, and files are many. */
const devices = new Map<number | bigint, string>()

function statOf(stats: Stats | BigIntStats): FileStat {
  let device = devices.get(stats.dev)
  if (device === undefined) devices.set(stats.dev, (device = String(stats.dev)))
  return {
    // One flat string: what V8 puts together of parts keeps them.
    key: [device, stats.ino].join(':'),
    device,
    size: Number(stats.size),
    mtimeMs: 'mtimeNs' in stats ? Number(stats.mtimeNs) / 1e6 : stats.mtimeMs,
    kind: stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other',
    links: Number(stats.nlink),
  }
}

function openedFile(handle: fs.FileHandle): OpenedFile {
  return {
    read: async (buffer, start, length, position) => (await handle.read(buffer, start, length, position)).bytesRead,
    stat: () =>
      statBy(
        () => handle.stat(),
        () => handle.stat({ bigint: true }),
      ),
    write: (text) => handle.writeFile(text),
    sync: () => handle.sync(),
    // Linux tells it of the descriptor itself, so no name can be exchanged in between.
    realPath: () => fs.readlink(`/proc/self/fd/${handle.fd}`).catch(() => undefined),
    close: () => handle.close(),
  }
}

/** The real file system. */
export const disk: FileLayer = {
  // Non-blocking, because a name may have become a pipe since it was looked at, and opening that would hang.
  openToRead: async (path) => openedFile(await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK)),
  openToWrite: async (path) => openedFile(await fs.open(path, 'w', 0o600)),
  stat: (path) =>
    statBy(
      () => fs.stat(path),
      () => fs.stat(path, { bigint: true }),
    ),
  realPath: (path) => fs.realpath(path),
  async list(directory) {
    const files: string[] = []
    const directories: string[] = []
    const links: string[] = []
    // Not all at once: of thousands of entries the names alone are kept.
    for await (const entry of await fs.opendir(directory, { bufferSize: 256 })) {
      if (entry.isFile()) files.push(entry.name)
      else if (entry.isDirectory()) directories.push(entry.name)
      else if (entry.isSymbolicLink()) links.push(entry.name)
    }
    return { files, directories, links }
  },
  readText: (path) => fs.readFile(path, 'utf8'),
  rename: (from, to) => fs.rename(from, to),
  makeDirectory: async (path) => {
    await fs.mkdir(path, { recursive: true, mode: 0o700 })
  },
  syncDirectory: async (path) => {
    const handle = await fs.open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
}

/** Calls `work` for every item, at most `width` at a time. */
export async function eachOf<T>(items: Iterable<T>, width: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]()
  const lane = async () => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: width }, lane))
}

/** The `device:inode` of a path, by which `TailOptions.own` and `Tail.exclude` know files; undefined when it is not there. */
export async function fileKey(path: string, files: FileLayer = disk): Promise<string | undefined> {
  try {
    return (await files.stat(path)).key
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}
