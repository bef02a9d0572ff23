import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

/**
 * Goal: no role gets a right by accident. Method: each single grant of the template (a role, an action, a resource, and the keys of
 * a table) is compared with a list in test/golden/roles/. `npm run campaign -- least-privilege` runs the packaged suite and compares
 * the grants with what the functions use: run it after a change of the list.
 */
const list = v.pipe(
  v.union([v.string(), v.array(v.unknown())]),
  v.transform((value): unknown[] => (Array.isArray(value) ? value : [value])),
)
/** An ARN that is joined of parts is a text or a list of texts, as `yaml` reads it without CloudFormation's tags. */
const Statement = v.strictObject({
  Effect: v.literal('Allow'),
  Action: list,
  Resource: v.unknown(),
  Condition: v.optional(
    v.strictObject({ 'ForAllValues:StringLike': v.strictObject({ 'dynamodb:LeadingKeys': v.array(v.string()) }) }),
  ),
})
const Policy = v.object({ PolicyDocument: v.object({ Statement: v.array(Statement) }) })
const Roles = v.object({
  Resources: v.record(v.string(), v.object({ Properties: v.object({ Policies: v.array(Policy) }) })),
})

const roles = ['function-roles.yml', 'bridge-role.yml'].flatMap((file) => {
  const text = readFileSync(`infra/cloud/${file}`, 'utf8')
  return Object.entries(v.parse(Roles, parse(text, { logLevel: 'silent', merge: true })).Resources)
})

/** Returns the resources of a statement, each without the parts that are equal in every ARN. */
function resourcesOf(resource: unknown): string[] {
  if (typeof resource === 'string')
    return [withoutPrefix(resource.replace(/\$\{(AWS::\w+)\}/g, '$1').replace(/\.Arn$/, ''))]
  if (!Array.isArray(resource)) return []
  const [separator, parts] = resource
  // `!Join [separator, parts]`
  if (resource.length === 2 && typeof separator === 'string' && Array.isArray(parts)) {
    const joined = parts.map(String).join(separator)
    return [withoutPrefix(joined)]
  }
  return resource.flatMap(resourcesOf)
}

function withoutPrefix(arn: string): string {
  return arn.replace(/^arn:aws:([\w-]+):AWS::Region:AWS::AccountId:/, '$1:')
}

const grants = roles.flatMap(([role, { Properties }]) =>
  Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement).flatMap(
    ({ Action, Resource, Condition }) => {
      const keys = Condition?.['ForAllValues:StringLike']['dynamodb:LeadingKeys'] ?? ['']
      return Action.flatMap((action) =>
        resourcesOf(Resource).flatMap((resource) =>
          keys.map((key) => `${role} ${action} ${resource} ${key}`.trimEnd()),
        ),
      )
    },
  ),
)

test('each role has exactly the grants of the list', async () => {
  expect(grants.length).toBeGreaterThan(200)
  await expect(`${[...new Set(grants)].sort().join('\n')}\n`).toMatchFileSnapshot('../golden/roles/grants.txt')
})

test('no action has a wildcard, and a resource only where its name is made when it is used', () => {
  expect(grants.filter((grant) => grant.split(' ')[1]?.includes('*'))).toEqual([])
  const wild = new Set(grants.map((grant) => grant.split(' ')[2] ?? '').filter((resource) => resource.includes('*')))
  expect([...wild].sort()).toEqual([
    // Command queues are made for each site, connections and export files for each use; a log stream is named by Lambda.
    'ExportsBucket.Arn/farewell/*',
    'ExportsBucket.Arn/final-exports/*',
    'ExportsBucket.Arn/sites/*',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the template
    'execute-api:WebsocketsApi/${sls:stage}/DELETE/@connections/*',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the template
    'execute-api:WebsocketsApi/${sls:stage}/POST/@connections/*',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the template
    'logs:log-group:/aws/lambda/switchhook-${sls:stage}-*',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the template
    'sqs:switchhook-${sls:stage}-commands-*',
  ])
})

test('every role that writes or queries the table of keys is limited to kinds of items', () => {
  expect(grants.filter((grant) => / dynamodb:\w+ AccessTable$/.test(grant))).toEqual([])
})
