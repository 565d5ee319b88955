/** What the agent knows of the place where a record arose, and the log did not say. */
import { hostname } from 'node:os'

export interface Enrichment {
  readonly service: string
  readonly host?: string
  readonly env?: string
  readonly version?: string
  /** `key:value`. */
  readonly tags: readonly string[]
}

/** The name of this host as Kubernetes' downward API, the user or the kernel gives it. */
export function hostName(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  return environment.ERRAND_HOST || environment.NODE_NAME || hostname() || undefined
}
