/**
 * Counters that only grow, by name and labels. Plain numbers in memory: `status` renders them for Prometheus,
 * the accounting test adds them up. No I/O here.
 */
export class Counters {
  readonly #values = new Map<string, number>()

  /** Both together. */
  static sum(one: Counters, other: Counters): Counters {
    const both = Counters.from(one.keyed())
    for (const [key, value] of other.#values) both.#values.set(key, (both.#values.get(key) ?? 0) + value)
    return both
  }

  /** Adds `by` to the counter `name{label="value",…}`; labels are part of the key in the order given. */
  add(name: string, by = 1, labels?: Readonly<Record<string, string>>): void {
    if (by === 0) return
    const key = keyOf(name, labels)
    this.#values.set(key, (this.#values.get(key) ?? 0) + by)
  }

  get(name: string, labels?: Readonly<Record<string, string>>): number {
    return this.#values.get(keyOf(name, labels)) ?? 0
  }

  /** Sum of a counter over all its labels. */
  total(name: string): number {
    let sum = 0
    for (const [key, value] of this.#values) if (key === name || key.startsWith(`${name}{`)) sum += value
    return sum
  }

  /** Every counter by its key, to be kept; `from` takes it back. */
  keyed(): Record<string, number> {
    return Object.fromEntries(this.#values)
  }

  /** Counters with the values that `keyed` gave. */
  static from(keyed: Readonly<Record<string, number>>): Counters {
    const counters = new Counters()
    for (const [key, value] of Object.entries(keyed)) counters.#values.set(key, value)
    return counters
  }

  /** Every counter as `[name, labels, value]`, by key. */
  *entries(): Generator<[name: string, labels: Record<string, string>, value: number]> {
    for (const [key, value] of [...this.#values].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const brace = key.indexOf('{')
      if (brace < 0) yield [key, {}, value]
      else yield [key.slice(0, brace), JSON.parse(key.slice(brace)) as Record<string, string>, value]
    }
  }
}

function keyOf(name: string, labels: Readonly<Record<string, string>> | undefined): string {
  return labels === undefined ? name : name + JSON.stringify(labels)
}
