import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { parse } from 'yaml'
import { configKeys, enrolmentKey } from '../../bridge/config-schema.ts'
import { checkIds } from '../../bridge/operate/checks.ts'
import { logCatalogue } from '../../bridge/operate/log-catalogue.ts'
import { counterCatalogue, isCounterId } from '../../bridge/operate/metrics/counter-catalogue.ts'
import { durationCatalogue, durationIds } from '../../bridge/operate/metrics/durations.ts'
import { counterName, histogramName, metricCatalogue } from '../../bridge/operate/metrics/metric-catalogue.ts'
import { labelText } from '../../bridge/operate/metrics/text-format.ts'
import { fieldText } from '../../contracts/field.ts'
import { checkTexts } from './check-texts.ts'

/* The tables of docs/operate.md, from the catalogues of the bridge and from the files of alarms. */

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
const code = (text: string) => `\`${text}\``

/** The keys of the bridge's configuration, from its schema. */
export function configTable(): string {
  const rows = configKeys().flatMap(({ path, schema, isRequired, default: standard, hasKeys }) => {
    const text = fieldText(schema)
    const need = isRequired ? 'required' : standard === undefined ? 'optional' : code(JSON.stringify(standard))
    const example = text?.example === undefined ? '' : code(JSON.stringify(text.example))
    return [[code(path), hasKeys ? (isRequired ? 'required' : 'optional') : need, example, text?.description ?? '']]
  })
  const enrolment = [code(enrolmentKey), 'optional', code('"/var/lib/switchhook/enrolment.json"')]
  const means =
    'The file that `enroll` wrote. It has the keys below that say so; those of the configuration itself take precedence.'
  return table(['key', 'default', 'example', 'meaning'], [[...enrolment, means], ...rows])
}

export function checkTable(): string {
  const rows = checkIds.map((id) => {
    const { ok, warning = '', failed = '' } = checkTexts[id]
    return [code(id), ok, warning, failed]
  })
  return table(['check', '`ok`', '`warning`', '`failed`'], rows)
}

export function metricTable(): string {
  const rows = [...metricCatalogue()].map(([name, { type, help, labels }]) => [
    code(name),
    type,
    labels.map(code).join(', '),
    help,
  ])
  return table(['metric', 'type', 'labels', 'meaning'], rows)
}

export function durationTable(): string {
  const rows = durationIds.map((id) => {
    const { labels, means } = durationCatalogue[id]
    return [code(`${histogramName(id)}${labelText(labels)}`), means]
  })
  return table(['histogram', 'measures'], rows)
}

export function counterTable(): string {
  const rows = Object.keys(counterCatalogue)
    .filter(isCounterId)
    .map((id) => {
      const { kind, means, action } = counterCatalogue[id]
      return [code(id), code(counterName(kind)), means, action]
    })
  return table(['`event`', 'metric', 'counts', 'what to do if it grows'], rows)
}

export function logTable(): string {
  const rows = Object.entries(logCatalogue).map(([name, { means, action }]) => [code(name), means, action])
  return table(['`event`', 'meaning', 'what to do'], rows)
}

const Alarms = v.looseObject({
  Resources: v.record(
    v.string(),
    v.looseObject({ Properties: v.optional(v.looseObject({ AlarmDescription: v.optional(v.string()) })) }),
  ),
})

/** Functions of CloudFormation, such as `!Ref`, are read as their argument. */
export function cloudAlarms(): { name: string; description: string }[] {
  const text = readFileSync('infra/cloud/alarms.yml', 'utf8')
  const { Resources } = v.parse(Alarms, parse(text, { logLevel: 'silent' }))
  return Object.entries(Resources).flatMap(([name, { Properties }]) => {
    const description = Properties?.AlarmDescription
    return description === undefined ? [] : { name, description }
  })
}

export function alarmTable(): string {
  return table(
    ['alarm of CloudWatch', 'meaning and what to do'],
    cloudAlarms().map(({ name, description }) => [code(name), description]),
  )
}

const Rules = v.object({
  groups: v.array(
    v.looseObject({
      rules: v.array(
        v.looseObject({ alert: v.string(), expr: v.string(), annotations: v.looseObject({ action: v.string() }) }),
      ),
    }),
  ),
})

export function ruleTable(): string {
  const { groups } = v.parse(Rules, parse(readFileSync('examples/grafana/switchhook-rules.yml', 'utf8')))
  const rows = groups.flatMap(({ rules }) =>
    rules.map(({ alert, expr, annotations }) => [code(alert), code(expr), annotations.action]),
  )
  return table(['alert of Prometheus', 'if', 'what to do'], rows)
}
