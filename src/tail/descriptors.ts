/** The open descriptors, bounded: the least recently used file that can be found again by its name gives way. */
import type { Generation } from './file.js'
import type { FileLayer } from './files.js'

export class Descriptors {
  readonly #files: FileLayer
  readonly #most: number
  /** Generations with a handle, the least recently used first. */
  readonly #open = new Set<Generation>()

  constructor(files: FileLayer, most: number) {
    this.#files = files
    this.#most = most
  }

  get size(): number {
    return this.#open.size
  }

  /**
   * Opens the file of a generation unless it is open. False when its name no longer leads to it: the next look will say
   * where it went. Rejects with the system's error.
   */
  async ensure(generation: Generation): Promise<boolean> {
    if (generation.handle === undefined) {
      if (generation.place === undefined) return false
      const handle = await this.#files.openToRead(generation.place)
      const stat = await handle.stat().catch(async (error: unknown) => {
        await handle.close()
        throw error
      })
      if (stat.key !== generation.key) {
        await handle.close()
        return false
      }
      generation.reopened(handle)
    }
    await this.used(generation)
    return true
  }

  /** The generation has a handle and needs it now; another may have to give way. */
  async used(generation: Generation): Promise<void> {
    this.#open.delete(generation)
    this.#open.add(generation)
    if (this.#open.size <= this.#most) return
    // Without a name its descriptor is the only way to what is still unread; and what is read loses least by closing.
    const spare = [...this.#open].filter((other) => other !== generation && other.place !== undefined)
    const other = spare.find((one) => !one.behind) ?? spare[0]
    if (other !== undefined) await this.close(other)
  }

  async close(generation: Generation): Promise<void> {
    this.#open.delete(generation)
    await generation.release()
  }

  /** The generation's handle went to another. */
  forget(generation: Generation): void {
    this.#open.delete(generation)
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#open].map((generation) => this.close(generation)))
  }
}
