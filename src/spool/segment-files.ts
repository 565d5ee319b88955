/**
 * What `segments.ts` does to whole files: reading them, cutting off what is broken, setting it aside, reporting it.
 * Nothing that may have been a record is ever deleted here without a copy and a count.
 */
import { join } from 'node:path'
import type { Counters } from '../core/counters.js'
import type { Logger } from '../core/log.js'
import { type Files, isMissing, type OpenFile } from './files.js'
import { decodeHeader, HEADER_BYTES, scanSegment, segmentName } from './segment.js'

export interface SegmentFilesOptions {
  readonly dir: string
  readonly files: Files
  readonly log: Logger
  readonly counters: Counters
}

export class SegmentFiles {
  readonly dir: string
  readonly files: Files
  readonly #log: Logger
  readonly #counters: Counters

  constructor(options: SegmentFilesOptions) {
    this.dir = options.dir
    this.files = options.files
    this.#log = options.log
    this.#counters = options.counters
  }

  pathOf(number: number): string {
    return join(this.dir, segmentName(number))
  }

  /**
   * The size of a segment's file and the sequence of its first record. Undefined for a file without a header: it is set
   * aside, or removed when a crash left only its beginning.
   */
  async head(number: number): Promise<{ base: number; size: number } | undefined> {
    const path = this.pathOf(number)
    const file = await this.files.open(path, 'read')
    let size: number
    const header = Buffer.alloc(HEADER_BYTES)
    try {
      size = await file.size()
      await file.read(header, 0)
    } finally {
      await file.close()
    }
    const base = decodeHeader(header)
    if (base !== undefined) return { base, size }
    if (size <= HEADER_BYTES) {
      await this.files.remove(path)
      return undefined
    }
    const scan = scanSegment((await this.readAll(path)) ?? header)
    const aside = `${path}.damaged-0`
    await this.files.rename(path, aside)
    await this.files.syncDir(this.dir)
    this.#reportDamage(path, aside, size, scan.records + scan.lost)
    return undefined
  }

  /** Undefined when the file is gone. */
  async openIfThere(path: string): Promise<OpenFile | undefined> {
    try {
      return await this.files.open(path, 'read')
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** Undefined when the file is gone. */
  async readAll(path: string): Promise<Buffer | undefined> {
    const file = await this.openIfThere(path)
    if (file === undefined) return undefined
    try {
      const bytes = Buffer.allocUnsafe(await file.size())
      return bytes.subarray(0, await file.read(bytes, 0))
    } finally {
      await file.close()
    }
  }

  /** Copies `[end, bytes.length)` of a damaged file to one of its own, durably, and only then cuts it off. */
  async cutDamaged(path: string, bytes: Buffer, end: number, lost: number): Promise<void> {
    const aside = `${path}.damaged-${end}`
    const copy = await this.files.open(aside, 'edit')
    try {
      await copy.truncate(0)
      await copy.write(bytes.subarray(end), 0)
      await copy.datasync()
    } finally {
      await copy.close()
    }
    await this.files.syncDir(this.dir)
    await this.#truncate(path, end)
    this.#reportDamage(path, aside, bytes.length - end, lost)
  }

  /** Cuts off the beginning of a record that was never durable. */
  async cutTorn(path: string, size: number, end: number): Promise<void> {
    await this.#truncate(path, end)
    this.#counters.add('spool_torn_bytes_total', size - end)
    this.#log.warn(
      `spool file ${path} ended within a record: ${size - end} bytes that a crash cut off were removed. ` +
        'They were not durable yet, so their lines are read again.',
    )
  }

  reportRemoved(path: string, lost: number): void {
    this.#counters.add('spool_records_lost_total', lost, { reason: 'removed' })
    this.#log.error(
      `spool file ${path} was removed by someone else; ${lost} records were in it and do not reach every output. ` +
        'Leave the files in the state directory to the agent.',
    )
  }

  #reportDamage(path: string, aside: string, bytes: number, lost: number): void {
    this.#counters.add('spool_damaged_bytes_total', bytes)
    this.#counters.add('spool_records_lost_total', lost, { reason: 'damaged' })
    this.#log.error(
      `spool file ${path} is damaged: ${bytes} bytes with about ${lost} records cannot be trusted and are not delivered. ` +
        `They are in ${aside}. Check the disk.`,
    )
  }

  async #truncate(path: string, size: number): Promise<void> {
    const file = await this.files.open(path, 'edit')
    try {
      await file.truncate(size)
      await file.datasync()
    } finally {
      await file.close()
    }
  }
}
