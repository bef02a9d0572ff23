import { createHash } from 'node:crypto'
import type { Intrinsics, PhysicalResources } from './intrinsics.ts'
import type { Template, TemplateResource } from './template.ts'

/** The account of the local cloud; the queue emulator supports only this one. */
export const account = '000000000000'

/** The addresses of the servers, which the results of intrinsic functions contain. */
export interface Listening {
  httpUrl: string
  /** `ws://127.0.0.1:PORT`, without the stage, like AWS's ApiEndpoint (`wss://` there). */
  socketOrigin: string
  awsUrl: string
}

export interface StackNames extends PhysicalResources {
  arn(logicalId: string): string | undefined
}

/** The property that names a resource; without it CloudFormation makes a name from stack name and logical id. */
const nameProperty: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::IAM::Role': 'RoleName',
  'AWS::Events::Rule': 'Name',
  'AWS::Events::EventBus': 'Name',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::SSM::Parameter': 'Name',
  'AWS::ApiGatewayV2::Stage': 'StageName',
}

/**
 * Returns the names, URLs and ARNs of the template's resources as CloudFormation does ("Return values" of each page of the
 * CloudFormation template reference), with addresses of this machine.
 */
export function createStackNames(
  template: Template,
  stack: { name: string; region: string },
  listening: Listening,
  intrinsics: () => Intrinsics,
): StackNames {
  const { region } = stack
  const resource = (id: string): TemplateResource | undefined => template.Resources[id]

  function nameOf(id: string, { Type, Properties }: TemplateResource): string {
    const own = Properties[nameProperty[Type] ?? '']
    // Names of buckets are in lower case.
    if (own === undefined && Type === 'AWS::S3::Bucket') return `${stack.name}-${id}`.toLowerCase()
    return own === undefined ? `${stack.name}-${id}` : String(intrinsics().resolve(own, `${id}.Properties`))
  }

  function arnOf(id: string, found: TemplateResource): string | undefined {
    const name = nameOf(id, found)
    switch (found.Type) {
      case 'AWS::DynamoDB::Table':
        return `arn:aws:dynamodb:${region}:${account}:table/${name}`
      case 'AWS::SQS::Queue':
        return `arn:aws:sqs:${region}:${account}:${name}`
      case 'AWS::Lambda::Function':
        return `arn:aws:lambda:${region}:${account}:function:${name}`
      case 'AWS::IAM::Role':
        return `arn:aws:iam::${account}:role/${name}`
      case 'AWS::SNS::Topic':
        return `arn:aws:sns:${region}:${account}:${name}`
      case 'AWS::Events::EventBus':
        return `arn:aws:events:${region}:${account}:event-bus/${name}`
      case 'AWS::Events::Rule':
        return `arn:aws:events:${region}:${account}:rule/${busPath(id, found)}${name}`
      case 'AWS::Logs::LogGroup':
        return `arn:aws:logs:${region}:${account}:log-group:${name}:*`
      case 'AWS::S3::Bucket':
        return `arn:aws:s3:::${name}`
      default:
        return undefined
    }
  }

  /** The ARN of a rule of a bus that is not the default one names the bus. */
  function busPath(id: string, { Properties }: TemplateResource): string {
    const bus = intrinsics().resolve(Properties['EventBusName'] ?? 'default', `${id}.Properties.EventBusName`)
    const name = String(bus).split('/').at(-1)
    return name === 'default' ? '' : `${name}/`
  }

  function ref(id: string): string | undefined {
    const found = resource(id)
    if (!found) return undefined
    if (found.Type === 'AWS::SQS::Queue') return `${listening.awsUrl}/${account}/${nameOf(id, found)}`
    if (found.Type === 'AWS::SNS::Topic') return arnOf(id, found)
    return found.Type === 'AWS::ApiGatewayV2::Api' ? apiIdOf(id) : nameOf(id, found)
  }

  function attribute(id: string, name: string): string | undefined {
    const found = resource(id)
    if (!found) return undefined
    if (name === 'Arn') return arnOf(id, found)
    switch (`${found.Type}.${name}`) {
      case 'AWS::SQS::Queue.QueueName':
        return nameOf(id, found)
      case 'AWS::SQS::Queue.QueueUrl':
      case 'AWS::ApiGatewayV2::Api.ApiId':
        return ref(id)
      case 'AWS::ApiGatewayV2::Api.ApiEndpoint':
        return found.Properties['ProtocolType'] === 'WEBSOCKET' ? listening.socketOrigin : listening.httpUrl
      case 'AWS::SSM::Parameter.Value':
        return String(intrinsics().resolve(found.Properties['Value'], `${id}.Properties.Value`))
      default:
        return undefined
    }
  }

  return { ref, attribute, arn: (id) => attribute(id, 'Arn') }
}

/** Returns ten lower-case letters and digits, like API Gateway's ids; the same at each start. */
function apiIdOf(logicalId: string): string {
  return BigInt(`0x${createHash('sha256').update(logicalId).digest('hex').slice(0, 16)}`)
    .toString(36)
    .padStart(10, 'a')
    .slice(0, 10)
}
