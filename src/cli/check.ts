/** `errand check`: every problem of a config and of the remappers it names; exit 1 when one would stop a run. */
import { planFrom } from '../agent/plan.js'
import type { ExitCode, Host } from './host.js'
import { showProblems } from './problems.js'

export async function check(options: { config: string }, host: Host): Promise<ExitCode> {
  const { plan, problems } = await planFrom(options.config, host.environment, () => Date.now())
  const broken = showProblems(problems, host)
  if (broken || plan === undefined) return 1
  const names = (list: readonly string[]) => list.join(', ')
  host.stdout.write(
    `${options.config} is good: ${plan.inputs.length} inputs (${names(plan.inputs.map(({ source }) => source.name))}), ` +
      `${plan.config.outputs.length} outputs (${names(plan.config.outputs.map(({ name, type }) => `${name}: ${type}`))}).\n`,
  )
  return 0
}
