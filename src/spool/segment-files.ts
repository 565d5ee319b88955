/**
 * What `segments.ts` does to whole files: reading them, cutting off what is broken, setting it aside, reporting it.
 * Nothing that may have been a record is ever deleted here without a copy and a count.
 */
import { join } from 'node:path'
import type { Counters } from '../core/counters.js'
import type { Logger } from '../core/log.js'
import { type Files, isMissing, type OpenFile } from './files.js'
import { decodeHeader, encodeHeader, HEADER_BYTES, type Hole, segmentName, surveySegment } from './segment.js'

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
   * The size of a segment's file and the sequence of its first record. A header that is damaged is written anew with the
   * sequence that `expected` tells. Undefined for a file that holds nothing of ours: it is set aside, or removed when a
   * crash left only its beginning.
   */
  async head(number: number, expected: () => Promise<number>): Promise<{ base: number; size: number } | undefined> {
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
    if (typeof base === 'number') return { base, size }
    if (size <= HEADER_BYTES) {
      await this.files.remove(path)
      return undefined
    }
    const { records } = surveySegment((await this.readAll(path)) ?? header)
    if (base === 'damaged' && records > 0) return { base: await this.#mendHeader(path, await expected()), size }
    const aside = `${path}.damaged-0`
    await this.files.rename(path, aside)
    await this.files.syncDir(this.dir)
    this.#reportDamage(path, aside, size, 'all of its records')
    return undefined
  }

  async #mendHeader(path: string, base: number): Promise<number> {
    const file = await this.files.open(path, 'edit')
    try {
      await file.write(encodeHeader(base), 0)
      await file.datasync()
    } finally {
      await file.close()
    }
    this.#counters.add('spool_damaged_bytes_total', HEADER_BYTES)
    this.#log.error(
      `spool file ${path} had a damaged header, which was written anew; its records are whole. Check the disk.`,
    )
    return base
  }

  /** A new file. The directory is made again when someone removed it. */
  async create(path: string): Promise<OpenFile> {
    try {
      return await this.files.open(path, 'create')
    } catch (error) {
      if (!isMissing(error)) throw error
      await this.files.makeDir(this.dir)
      return await this.files.open(path, 'create')
    }
  }

  /** Rejects when the path of an open segment leads to it no longer: what is written to it then ends nowhere. */
  async mustBeAt(file: OpenFile, number: number): Promise<void> {
    if (!(await file.isAt(this.pathOf(number)))) throw new Error('it was removed by someone else while it was written')
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

  /** Copies damaged bytes to a file of their own, durably, and reports them; not again when an earlier life has done so. */
  async setAside(path: string, bytes: Buffer, hole: Hole): Promise<void> {
    const records = hole.records === 1 ? '1 record' : `${hole.records} records`
    if (bytes.length === 0) return this.#reportCut(path, records)
    const aside = `${path}.damaged-${hole.from}`
    const copy = await this.files.open(aside, 'edit')
    try {
      if ((await copy.size()) === bytes.length) return
      await copy.truncate(0)
      await copy.write(bytes, 0)
      await copy.datasync()
    } finally {
      await copy.close()
    }
    await this.files.syncDir(this.dir)
    this.#reportDamage(path, aside, bytes.length, records)
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

  /** Cuts off what was written and never confirmed. Good also when the file is gone. */
  async cutBack(path: string, end: number): Promise<void> {
    const file = await this.openIfThere(path)
    if (file === undefined) return
    await file.close()
    // Also when the size is right already: an earlier cut may not have been synced.
    await this.#truncate(path, end)
  }

  reportRemoved(path: string, lost: number): void {
    this.#log.error(
      `spool file ${path} was removed by someone else; ${lost} records were in it and reach those outputs only that have them already. ` +
        'Leave the files in the state directory to the agent.',
    )
  }

  #reportCut(path: string, records: string): void {
    this.#log.error(
      `spool file ${path} is shorter than it was; ${records} at its end are gone. Leave the files in the state directory to the agent.`,
    )
  }

  #reportDamage(path: string, aside: string, bytes: number, records: string): void {
    this.#counters.add('spool_damaged_bytes_total', bytes)
    this.#log.error(
      `spool file ${path} is damaged: ${bytes} bytes with ${records} cannot be trusted and are not delivered. ` +
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
