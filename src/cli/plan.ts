/** The config of a command, planned. */
import { type Planned, planFrom } from '../agent/plan.js'
import type { Host } from './host.js'

/** `planFrom` for a command: what the config keeps secret is in no fault that is told from now on. */
export async function planOf(config: string, host: Host): Promise<Planned> {
  const planned = await planFrom(config, host.environment, () => Date.now())
  host.crash.keepSecret(planned.secrets)
  return planned
}
