/** The manifest against Kubernetes' own schemas, and the promises that its comments make. */
import { Ajv, type ValidateFunction } from 'ajv'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { type Config, configSettings } from '../../src/agent/settings.js'
import { readConfig } from '../../src/config/load.js'
import { renderProblem } from '../../src/core/problem.js'
import { read } from './pages.js'

const SCHEMAS: Readonly<Record<string, string>> = {
  Namespace: 'io.k8s.api.core.v1.Namespace',
  ServiceAccount: 'io.k8s.api.core.v1.ServiceAccount',
  ConfigMap: 'io.k8s.api.core.v1.ConfigMap',
  DaemonSet: 'io.k8s.api.apps.v1.DaemonSet',
}

interface Mount {
  readonly name: string
  readonly mountPath: string
  readonly readOnly?: boolean
}
interface Container {
  readonly args: string[]
  readonly env: { name: string; valueFrom?: { fieldRef?: { fieldPath: string } } }[]
  readonly ports: { name: string; containerPort: number }[]
  readonly securityContext: Record<string, unknown>
  readonly volumeMounts: Mount[]
  readonly livenessProbe: { httpGet: { path: string; port: string } }
  readonly readinessProbe: { httpGet: { path: string; port: string } }
  readonly startupProbe: { httpGet: { path: string; port: string } }
}
interface Resource {
  readonly kind: string
  readonly metadata: { name: string; namespace?: string; labels?: Record<string, string> }
  readonly data?: Record<string, string>
  readonly automountServiceAccountToken?: boolean
  readonly spec?: {
    selector: { matchLabels: Record<string, string> }
    updateStrategy: { rollingUpdate: { maxSurge: number } }
    template: {
      metadata: { labels: Record<string, string> }
      spec: {
        serviceAccountName: string
        automountServiceAccountToken: boolean
        terminationGracePeriodSeconds: number
        tolerations: unknown[]
        securityContext: { runAsUser: number; seccompProfile: { type: string } }
        containers: Container[]
        volumes: { name: string; hostPath?: { path: string }; configMap?: { name: string } }[]
      }
    }
  }
}

const documents = parseAllDocuments(read('deploy/kubernetes/errand.yaml'))
const resources = documents.map((document) => (document as { toJS(): unknown }).toJS() as Resource)
const ofKind = (kind: string): Resource => {
  const found = resources.find((resource) => resource.kind === kind)
  if (found === undefined) throw new Error(`there is no ${kind}`)
  return found
}

let validators: ReadonlyMap<string, ValidateFunction>
beforeAll(() => {
  const { definitions } = JSON.parse(read('test/fixtures/kubernetes/schemas.json')) as { definitions: object }
  // Kubernetes drops unknown fields in silence; here they are a slip.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema({ $id: 'kubernetes', definitions: closed(definitions) })
  validators = new Map(
    Object.entries(SCHEMAS).map(([kind, name]) => [kind, ajv.compile({ $ref: `kubernetes#/definitions/${name}` })]),
  )
})

/** The same schemas, every object that lists its properties taking no others. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed)
  if (typeof node !== 'object' || node === null) return node
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]))
  return 'properties' in copy && copy.type === 'object' ? { ...copy, additionalProperties: false } : copy
}

function problemsOf(resource: unknown, kind: string): unknown[] {
  const validate = validators.get(kind)
  if (validate === undefined) return [`no schema for ${kind}`]
  return validate(resource)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

describe('deploy/kubernetes/errand.yaml', () => {
  it('is YAML without errors or warnings', () => {
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([])
  })

  for (const { kind, metadata } of resources) {
    it(`fits Kubernetes' schema: ${kind} ${metadata.name}`, () => {
      expect(problemsOf(ofKind(kind), kind)).toEqual([])
    })
  }

  it('would not fit with a slip in it', () => {
    const slip = structuredClone(ofKind('DaemonSet')) as unknown as {
      spec: { template: { spec: Record<string, unknown> } }
    }
    slip.spec.template.spec.terminationGracePeriod = 30
    slip.spec.template.spec.terminationGracePeriodSeconds = '30s'
    expect(problemsOf(slip, 'DaemonSet')).toHaveLength(2)
  })

  const pod = ofKind('DaemonSet').spec?.template.spec
  const container = pod?.containers[0]
  const source = ofKind('ConfigMap').data?.['config.json'] ?? ''
  const given = new Set(container?.env.map(({ name }) => name))
  const environment = Object.fromEntries([...given].map((name) => [name, 'https://errors.example.com/ingest']))
  const { config, problems } = readConfig<Config>(source, 'config.json', configSettings, environment)

  it('carries a config that Errand takes, with the variables that the pod sets', () => {
    expect(problems.map(renderProblem)).toEqual([])
    expect(config?.inputs[0]).toMatchObject({
      type: 'file',
      paths: ['/var/log/pods/*/*/*.log'],
      format: 'auto',
      source: 'auto',
    })
    expect(config?.outputs[0]?.type).toBe('http')
  })

  it('carries an alternative that Errand takes too', () => {
    const alternative = source.replace(/outputs: \[[\s\S]*?\n {2}\],/, 'outputs: [ { name: "main", type: "stdout" } ],')
    expect(source).toContain('// { name: "main", type: "stdout" }')
    expect(readConfig<Config>(alternative, 'config.json', configSettings, {}).problems).toEqual([])
  })

  it('never tails its own output', () => {
    const { name } = ofKind('Namespace').metadata
    expect(config?.inputs[0]).toMatchObject({ exclude: [`/var/log/pods/${name}_*/*/*.log`] })
  })

  it('selects its own pods, and names what is in the file', () => {
    const daemonSet = ofKind('DaemonSet')
    expect(daemonSet.spec?.template.metadata.labels).toMatchObject(
      daemonSet.spec?.selector.matchLabels ?? { missing: 'x' },
    )
    expect(pod?.serviceAccountName).toBe(ofKind('ServiceAccount').metadata.name)
    expect(pod?.volumes.find(({ configMap }) => configMap)?.configMap?.name).toBe(ofKind('ConfigMap').metadata.name)
    for (const { kind, metadata } of resources) {
      if (kind !== 'Namespace') expect(metadata.namespace, kind).toBe(ofKind('Namespace').metadata.name)
    }
  })

  it('asks for the least: no token, no capability, nothing writable but the state', () => {
    expect(ofKind('ServiceAccount').automountServiceAccountToken).toBe(false)
    expect(pod?.automountServiceAccountToken).toBe(false)
    expect(pod?.securityContext.seccompProfile.type).toBe('RuntimeDefault')
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    const writable = container?.volumeMounts.filter(({ readOnly }) => readOnly !== true)
    expect(writable).toEqual([{ name: 'state', mountPath: config?.stateDir }])
  })

  it('mounts host paths where they are on the host, so that links in them lead on', () => {
    for (const { name, hostPath } of pod?.volumes ?? []) {
      if (hostPath) expect(container?.volumeMounts.find((mount) => mount.name === name)?.mountPath).toBe(hostPath.path)
    }
  })

  it('probes where the config listens', () => {
    const port = container?.ports.find(({ name }) => name === 'status')?.containerPort
    expect(config?.status?.listen).toBe(`0.0.0.0:${port}`)
    expect(container?.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'status' })
    expect(container?.startupProbe.httpGet).toEqual({ path: '/healthz', port: 'status' })
    expect(container?.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'status' })
  })

  it('runs once on every node, and stops before it is killed', () => {
    expect(pod?.tolerations).toEqual([{ operator: 'Exists' }])
    expect(ofKind('DaemonSet').spec?.updateStrategy.rollingUpdate.maxSurge).toBe(0)
    expect(container?.env.find(({ name }) => name === 'NODE_NAME')?.valueFrom?.fieldRef?.fieldPath).toBe(
      'spec.nodeName',
    )
    expect((pod?.terminationGracePeriodSeconds ?? 0) * 1000).toBeGreaterThanOrEqual(
      (config?.shutdown.timeout ?? 0) + 5000,
    )
  })
})
