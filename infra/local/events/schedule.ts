import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import type { Clock } from '../clock.ts'
import { LocalCloudError } from '../errors.ts'
import type { Functions } from '../functions/functions.ts'
import { errorTypeOf } from '../functions/outcome.ts'
import type { Log } from '../log.ts'
import { account, type StackNames } from '../template/names.ts'
import type { StackResources } from '../template/resources.ts'
import { parseSchedule } from './schedule-expression.ts'

const Rule = v.looseObject({
  ScheduleExpression: v.optional(v.string()),
  State: v.optional(v.string(), 'ENABLED'),
  Targets: v.optional(v.array(v.looseObject({ Arn: v.string(), Input: v.optional(v.string()) })), []),
})

/** Starts the template's scheduled EventBridge rules on the scaled clock; returns the function that stops them. */
export function startSchedules(options: {
  resources: StackResources
  names: StackNames
  functions: Functions
  clock: Clock
  region: string
  log: Log
}): () => void {
  const { resources, names, functions, clock, region, log } = options
  const cancels = new Set<() => void>()
  const startedAt = Date.now()
  const now = () => startedAt + clock.elapsedMs()

  function start(ruleArn: string, expression: string, input: string | undefined, targetArn: string): void {
    const schedule = parseSchedule(expression, ruleArn)
    const target = functions.find(targetArn)
    if (!target) {
      const message = `The local cloud cannot serve the rule ${ruleArn}: its target ${targetArn} is not a function of the template.`
      throw new LocalCloudError('template-unsupported', message)
    }
    const wait = () => {
      const next = schedule.nextAfter(now())
      if (next === undefined) return
      const cancel = clock.after(next - now(), () => {
        cancels.delete(cancel)
        wait()
        const event: unknown = input === undefined ? scheduledEvent(ruleArn, region, now()) : JSON.parse(input)
        target.invoke(event).then((outcome) => {
          const { functionError, requestId } = outcome
          if (functionError)
            log('schedule-function-failed', { function: target.name, requestId, error: errorTypeOf(outcome) })
        })
      })
      cancels.add(cancel)
    }
    wait()
  }

  for (const { logicalId, properties } of resources.ofType('AWS::Events::Rule', Rule)) {
    const { ScheduleExpression, State, Targets } = properties
    if (!ScheduleExpression || State !== 'ENABLED') continue
    for (const { Arn, Input } of Targets) start(names.arn(logicalId) ?? logicalId, ScheduleExpression, Input, Arn)
  }
  return () => {
    for (const cancel of cancels) cancel()
  }
}

/** The event that EventBridge sends for a rule without an input ("Scheduled event" of the EventBridge user guide). */
function scheduledEvent(ruleArn: string, region: string, timeMs: number): unknown {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account,
    time: new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    region,
    resources: [ruleArn],
    detail: {},
  }
}
