import * as v from 'valibot'
import { LocalCloudError, messageOf } from '../errors.ts'
import { errorTypeOf, type Outcome } from '../functions/outcome.ts'
import type { Log } from '../log.ts'
import type { BusEvent, EventBuses } from '../services/event-bus.ts'
import { busNameOf } from '../services/event-bus.ts'
import type { StackNames } from '../template/names.ts'
import type { StackResources } from '../template/resources.ts'
import { checkPattern, type EventPattern, matchesPattern } from './event-pattern.ts'
import { targetCheck } from './target-permissions.ts'

const unsupported = v.optional(v.never('is not supported by the local cloud'))
const Target = v.looseObject({
  Arn: v.string(),
  Input: unsupported,
  InputPath: unsupported,
  InputTransformer: unsupported,
  RetryPolicy: v.optional(v.looseObject({ MaximumRetryAttempts: v.optional(v.number()) })),
  DeadLetterConfig: v.optional(v.looseObject({ Arn: v.optional(v.string()) })),
})
type Target = v.InferOutput<typeof Target>
const Rule = v.looseObject({
  EventBusName: v.optional(v.string(), 'default'),
  EventPattern: v.optional(v.record(v.string(), v.unknown())),
  State: v.optional(v.string(), 'ENABLED'),
})
const Targets = v.looseObject({ Targets: v.optional(v.array(Target), []) })

/** "Target limits": a rule has up to five targets. */
const targetsMax = 5
/** EventBridge tries for a day, up to 185 times; here an error that lasts is one of the code under test. */
const retriesMax = 2

export interface TargetServices {
  /** Returns undefined if the ARN is not a function of the template. */
  function(arn: string): { invoke(event: unknown): Promise<Outcome> } | undefined
  send(queueArn: string, body: string): Promise<void>
}

/** Delivers events to the targets of the template's rules: queues and functions. */
export function connectEventRules(
  buses: EventBuses,
  resources: StackResources,
  names: Pick<StackNames, 'arn'>,
  services: TargetServices,
  log: Log,
): void {
  const check = targetCheck(resources)
  const rules = resources.ofType('AWS::Events::Rule', Rule).flatMap(({ logicalId, properties }) => {
    const { EventPattern, EventBusName, State } = properties
    if (!EventPattern || State !== 'ENABLED') return []
    checkPattern(EventPattern, logicalId)
    const { Targets: targets } = v.parse(Targets, properties)
    if (targets.length > targetsMax)
      throw new LocalCloudError('template-refused', `The rule ${logicalId} has more than ${targetsMax} targets.`)
    const pattern: EventPattern = EventPattern
    return {
      logicalId,
      pattern,
      bus: busNameOf(EventBusName),
      targets: targets.map((one) => checkedTarget(one, logicalId)),
    }
  })

  function checkedTarget(target: Target, id: string): Target {
    const { Arn, DeadLetterConfig } = target
    if (!Arn.startsWith('arn:aws:sqs:') && !services.function(Arn)) {
      const message = `The target ${Arn} of the rule ${id} is neither a queue nor a function of the template.`
      throw new LocalCloudError('template-unsupported', message)
    }
    const rule = names.arn(id) ?? id
    check({ rule, target: Arn })
    if (DeadLetterConfig?.Arn) check({ rule, target: DeadLetterConfig.Arn })
    return target
  }

  buses.onEvent((bus, event) => {
    for (const { logicalId, targets } of rules.filter(
      (rule) => rule.bus === bus && matchesPattern(rule.pattern, { ...event }),
    ))
      for (const target of targets) void deliver(logicalId, target, event)
  })

  async function deliver(rule: string, target: Target, event: BusEvent): Promise<void> {
    const tries = 1 + Math.min(retriesMax, target.RetryPolicy?.MaximumRetryAttempts ?? retriesMax)
    let error: string | undefined
    for (let n = 0; n < tries; n += 1) {
      error = await deliverOnce(target, event)
      if (error === undefined) return
    }
    log('rule-target-failed', { rule, target: target.Arn, error })
    const dead = target.DeadLetterConfig?.Arn
    if (dead)
      await services
        .send(dead, JSON.stringify(event))
        .catch((cause: unknown) => log('dead-letter-lost', { rule, error: messageOf(cause) }))
  }

  /** Returns the error, if there was one. */
  async function deliverOnce({ Arn }: Target, event: BusEvent): Promise<string | undefined> {
    try {
      const target = services.function(Arn)
      if (!target) await services.send(Arn, JSON.stringify(event))
      return target && errorTypeOf(await target.invoke(event))
    } catch (cause) {
      return messageOf(cause)
    }
  }
}
