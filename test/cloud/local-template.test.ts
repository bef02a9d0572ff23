// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Fn::Sub writes references in this way
import { expect, test } from 'vitest'
import { createIntrinsics } from '../../infra/local/template/intrinsics.ts'
import type { Template } from '../../infra/local/template/template.ts'
import { ask, runFixture } from './local-fixture/packaged-fixture.ts'

const template: Template = {
  Parameters: { Size: { Type: 'Number', Default: 3 }, Unset: { Type: 'String', Default: undefined } },
  Conditions: {
    IsTest: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-west-1'] },
    IsNot: { 'Fn::Not': [{ Condition: 'IsTest' }] },
    Both: { 'Fn::And': [{ Condition: 'IsTest' }, { 'Fn::Or': [{ Condition: 'IsNot' }, { Condition: 'IsTest' }] }] },
  },
  Mappings: { Sizes: { test: { memory: 512 } } },
  Resources: { Table: { Type: 'AWS::DynamoDB::Table', Properties: {} } },
}
const { resolve } = createIntrinsics(
  template,
  { 'AWS::Region': 'eu-west-1', 'AWS::AccountId': '000000000000' },
  {
    ref: (id) => (id === 'Table' ? 'notes' : undefined),
    attribute: (id, name) => (id === 'Table' && name === 'Arn' ? 'arn:notes' : undefined),
  },
)

test.each([
  ['a reference to a resource', { Ref: 'Table' }, 'notes'],
  ['a reference to a parameter with a default', { Ref: 'Size' }, 3],
  ['a pseudo-parameter', { Ref: 'AWS::AccountId' }, '000000000000'],
  ['an attribute as a list', { 'Fn::GetAtt': ['Table', 'Arn'] }, 'arn:notes'],
  ['an attribute as text', { 'Fn::GetAtt': 'Table.Arn' }, 'arn:notes'],
  [
    'a substitution',
    { 'Fn::Sub': '${Table}/${Table.Arn}/${AWS::Region}/${!Literal}' },
    'notes/arn:notes/eu-west-1/${Literal}',
  ],
  ['a substitution with its own values', { 'Fn::Sub': ['${a}-${Table}', { a: { Ref: 'Size' } }] }, '3-notes'],
  ['a join of a split', { 'Fn::Join': ['+', { 'Fn::Split': [':', 'a:b'] }] }, 'a+b'],
  ['a selection', { 'Fn::Select': [1, ['x', { Ref: 'Table' }]] }, 'notes'],
  ['a condition that holds', { 'Fn::If': ['Both', 'yes', 'no'] }, 'yes'],
  ['a condition that does not', { 'Fn::If': ['IsNot', 'yes', 'no'] }, 'no'],
  ['a mapping', { 'Fn::FindInMap': ['Sizes', 'test', 'memory'] }, 512],
  ['AWS::NoValue', { kept: 1, dropped: { 'Fn::If': ['IsNot', 1, { Ref: 'AWS::NoValue' }] } }, { kept: 1 }],
  [
    'a policy statement with a Condition',
    { Condition: { StringEquals: { a: 'b' } } },
    { Condition: { StringEquals: { a: 'b' } } },
  ],
])('resolves %s in a CloudFormation template', (_name, value, expected) => {
  expect(resolve(value, 'here')).toEqual(expected)
})

test.each([
  ['an unknown resource', { a: [{ Ref: 'Nobody' }] }, /Ref Nobody at Outputs\.a\[0\]/],
  ['an unknown attribute', { 'Fn::GetAtt': ['Table', 'StreamArn'] }, /Fn::GetAtt Table\.StreamArn at Outputs/],
  ['a parameter without a default', { Ref: 'Unset' }, /Ref Unset at Outputs/],
  ['an unsupported function', { b: { 'Fn::ImportValue': 'x' } }, /Fn::ImportValue at Outputs\.b/],
])('the error about %s says where in the template it is', (_name, value, message) => {
  expect(() => resolve(value, 'Outputs')).toThrow(message)
})

test('gives a function its resolved environment variables and credentials of its role, but no variable of this machine', async () => {
  process.env['SWITCHHOOK_CANARY'] = 'leaked'
  await using fixture = await runFixture()
  const { environment, versions, cwd } = await ask(fixture.cloud, 'echo', { environment: true })
  const queueUrl = `${fixture.cloud.endpoints.sqs}/000000000000/fixture-work`
  expect(environment).toMatchObject({
    TABLE: 'fixture-notes',
    TABLE_ARN: 'arn:aws:dynamodb:eu-west-1:000000000000:table/fixture-notes',
    QUEUE_URL: queueUrl,
    JOINED: 'eu-west-1-000000000000',
    SUBBED: 'q=fixture-work;t=fixture-notes;s=fixture-test',
    PICKED: 'b',
    AWS_REGION: 'eu-west-1',
    AWS_LAMBDA_FUNCTION_NAME: 'fixture-test-echo',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    AWS_ENDPOINT_URL_DYNAMODB: fixture.cloud.endpoints.dynamodb,
    _HANDLER: 'handlers.echo',
    LAMBDA_TASK_ROOT: cwd,
  })
  expect(environment.AWS_ACCESS_KEY_ID).toMatch(/^ASIA[0-9A-F]{16}$/)
  expect(environment).not.toHaveProperty('SWITCHHOOK_CANARY')
  expect(environment).not.toHaveProperty('AWS_LAMBDA_MAX_CONCURRENCY')
  expect(environment).not.toHaveProperty('HOME')
  expect(versions.node).toBe(process.versions.node)
  expect(fixture.cloud.ref('WorkQueue')).toBe(queueUrl)
  expect(fixture.cloud.attribute('NotesTable', 'Arn')).toBe(environment.TABLE_ARN)
  expect(() => fixture.cloud.ref('Nobody')).toThrow(/no resource Nobody/)
})
