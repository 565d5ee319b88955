/**
 * A disk in memory for the spool's files, that does what disks may do: a power cut leaves any part of what was not
 * synced, calls fail, space runs out in the middle of a write, bytes flip.
 */
import type { Files, OpenFile, OpenMode } from '../../src/spool/files.js'

/** What a file held when it was last synced, and what was done to it since. */
interface Inode {
  synced: Buffer
  now: Buffer
  readonly since: ({ readonly write: Buffer; readonly at: number } | { readonly truncate: number })[]
}

type DirectoryChange =
  | { readonly create: string; readonly inode: Inode }
  | { readonly rename: string; readonly to: string }
  | { readonly remove: string }

/** Says how much of something survives: a whole number from 0 up to and with `most`. */
export type Luck = (most: number) => number

export class PowerCut extends Error {
  readonly code = 'POWER_CUT'
}

/** The calls to a disk, counted over all its power cuts. */
export class Calls {
  count = 0
  /** At this call the power is cut, and no call after it comes back. */
  cutAt = Number.POSITIVE_INFINITY
  /** Called with the number of each call; throws to make it fail. */
  fault: (call: number) => void = () => {}

  get isCut(): boolean {
    return this.count > this.cutAt
  }

  meet(): void {
    const call = this.count++
    if (call >= this.cutAt) throw new PowerCut()
    this.fault(call)
  }
}

export class MemoryDisk implements Files {
  readonly calls: Calls
  #names: Map<string, Inode>
  /** The directory as it was when it was last synced, and what was done to it since. */
  #syncedNames: Map<string, Inode>
  #changes: DirectoryChange[] = []
  /** Bytes that fit on it. */
  capacity = Number.POSITIVE_INFINITY

  constructor(files: ReadonlyMap<string, Buffer> = new Map(), calls = new Calls()) {
    this.calls = calls
    this.#names = new Map([...files].map(([path, bytes]) => [path, { synced: bytes, now: bytes, since: [] }]))
    this.#syncedNames = new Map(this.#names)
  }

  /** The disk as a power cut leaves it. */
  afterPowerCut(luck: Luck): MemoryDisk {
    const names = new Map(this.#syncedNames)
    // A journal keeps the order of what is done to directories.
    for (const change of this.#changes.slice(0, luck(this.#changes.length))) apply(names, change)
    return new MemoryDisk(new Map([...names].map(([path, inode]) => [path, survived(inode, luck)])), this.calls)
  }

  /** The disk as the end of the process leaves it: what was written is there. */
  afterKill(): MemoryDisk {
    return new MemoryDisk(new Map([...this.#names].map(([path, { now }]) => [path, now])), this.calls)
  }

  paths(): string[] {
    return [...this.#names.keys()].sort()
  }

  /** The bytes of a file, to look at or to change. */
  bytesOf(path: string): Buffer {
    return this.#names.get(path)?.now ?? Buffer.alloc(0)
  }

  get used(): number {
    return [...this.#names.values()].reduce((sum, { now }) => sum + now.length, 0)
  }

  async makeDir(): Promise<void> {
    this.#meet()
  }

  async list(dir: string): Promise<string[]> {
    this.#meet()
    return this.paths().flatMap((path) => (path.startsWith(`${dir}/`) ? [path.slice(dir.length + 1)] : []))
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    this.#meet()
    let inode = this.#names.get(path)
    if (mode === 'create' && inode !== undefined) throw systemError('EEXIST')
    if (inode === undefined && mode === 'read') throw systemError('ENOENT')
    if (inode === undefined) {
      inode = { synced: Buffer.alloc(0), now: Buffer.alloc(0), since: [] }
      this.#change({ create: path, inode })
    }
    return this.#opened(inode)
  }

  async readText(path: string): Promise<string | undefined> {
    this.#meet()
    return this.#names.get(path)?.now.toString('utf8')
  }

  async rename(from: string, to: string): Promise<void> {
    this.#meet()
    if (!this.#names.has(from)) throw systemError('ENOENT')
    this.#change({ rename: from, to })
  }

  async remove(path: string): Promise<void> {
    this.#meet()
    if (this.#names.has(path)) this.#change({ remove: path })
  }

  async syncDir(): Promise<void> {
    this.#meet()
    this.#syncedNames = new Map(this.#names)
    this.#changes = []
  }

  #opened(inode: Inode): OpenFile {
    return {
      read: async (target, position) => {
        this.#meet()
        return position >= inode.now.length ? 0 : inode.now.copy(target, 0, position)
      },
      write: async (bytes, position) => {
        this.#meet()
        const room = Math.max(0, this.capacity - this.used + Math.max(0, inode.now.length - position))
        const part = Buffer.from(bytes.subarray(0, room))
        this.#alter(inode, { write: part, at: position })
        if (part.length < bytes.length) throw systemError('ENOSPC')
      },
      truncate: async (size) => {
        this.#meet()
        this.#alter(inode, { truncate: size })
      },
      datasync: async () => {
        this.#meet()
        inode.synced = inode.now
        inode.since.length = 0
      },
      size: async () => {
        this.#meet()
        return inode.now.length
      },
      isAt: async (path) => {
        this.#meet()
        return this.#names.get(path) === inode
      },
      close: async () => {},
    }
  }

  #alter(inode: Inode, change: Inode['since'][number]): void {
    inode.since.push(change)
    inode.now = altered(inode.now, change)
  }

  #change(change: DirectoryChange): void {
    this.#changes.push(change)
    apply(this.#names, change)
  }

  #meet(): void {
    this.calls.meet()
  }
}

function apply(names: Map<string, Inode>, change: DirectoryChange): void {
  if ('create' in change) names.set(change.create, change.inode)
  else if ('remove' in change) names.delete(change.remove)
  else {
    const inode = names.get(change.rename)
    names.delete(change.rename)
    if (inode !== undefined) names.set(change.to, inode)
  }
}

/** A file after a power cut: some of what was done to it since its last sync, the last of it perhaps in part. */
function survived(inode: Inode, luck: Luck): Buffer {
  const whole = luck(inode.since.length)
  let bytes = inode.synced
  for (const change of inode.since.slice(0, whole)) bytes = altered(bytes, change)
  const next = inode.since[whole]
  if (next === undefined || !('write' in next)) return bytes
  bytes = altered(bytes, { write: next.write.subarray(0, luck(next.write.length)), at: next.at })
  // Its size can be on the disk before its content is: the rest is zeros.
  return luck(3) === 0 ? altered(bytes, { write: Buffer.alloc(0), at: next.at + next.write.length }) : bytes
}

function altered(bytes: Buffer, change: Inode['since'][number]): Buffer {
  if ('truncate' in change) {
    const cut = bytes.subarray(0, change.truncate)
    return Buffer.concat([cut, Buffer.alloc(change.truncate - cut.length)])
  }
  const { write, at } = change
  const result = Buffer.alloc(Math.max(bytes.length, at + write.length))
  bytes.copy(result)
  write.copy(result, at)
  return result
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: the disk says no`), { code })
}
