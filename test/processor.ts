/**
 * Processor time of this process so far, in ms: what code takes in proportion to its input shows in it, and what else
 * the machine does at the same time does not.
 */
export function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
