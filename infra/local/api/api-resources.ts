import * as v from 'valibot'
import type { Clock } from '../clock.ts'
import { LocalCloudError } from '../errors.ts'
import type { Functions, LambdaFunction } from '../functions/functions.ts'
import { CorsConfiguration } from '../http/cors.ts'
import type { StackNames } from '../template/names.ts'
import type { StackResources } from '../template/resources.ts'
import { type Authorizer, AuthorizerProperties, createAuthorizer } from './authorizer.ts'

const Api = v.looseObject({
  ProtocolType: v.picklist(['HTTP', 'WEBSOCKET']),
  RouteSelectionExpression: v.optional(v.string(), '$request.body.action'),
  CorsConfiguration: v.optional(CorsConfiguration),
})
const Route = v.looseObject({
  ApiId: v.string(),
  RouteKey: v.string(),
  Target: v.optional(v.string()),
  AuthorizationType: v.optional(v.string(), 'NONE'),
  AuthorizerId: v.optional(v.string()),
  RouteResponseSelectionExpression: v.optional(v.string()),
})
const Integration = v.looseObject({
  ApiId: v.string(),
  IntegrationType: v.literal('AWS_PROXY'),
  IntegrationUri: v.string(),
  TimeoutInMillis: v.optional(v.number()),
})
const Stage = v.looseObject({ ApiId: v.string(), StageName: v.string() })

export interface ApiRoute {
  routeKey: string
  target: LambdaFunction
  timeoutMs: number
  authorizer: Authorizer | undefined
  /** Whether the function's answer is sent to the client; only WebSocket routes with a route response have this. */
  answers: boolean
}

export interface ApiResource {
  apiId: string
  stage: string
  routeSelection: string
  cors: CorsConfiguration | undefined
  routes: ApiRoute[]
}

/** "Quotas for HTTP APIs": 30 seconds; "Quotas for WebSocket APIs": 29 seconds. */
const integrationMsMax = { HTTP: 30_000, WEBSOCKET: 29_000 } as const

/** Returns the template's API of this protocol with its routes, or undefined if the template has no such API. */
export function readApi(
  protocol: 'HTTP' | 'WEBSOCKET',
  {
    resources,
    names,
    functions,
    clock,
  }: { resources: StackResources; names: StackNames; functions: Functions; clock: Clock },
): ApiResource | undefined {
  const apis = resources
    .ofType('AWS::ApiGatewayV2::Api', Api)
    .filter(({ properties }) => properties.ProtocolType === protocol)
  const [api, another] = apis
  if (!api) return undefined
  if (another)
    throw new LocalCloudError(
      'template-unsupported',
      `The local cloud serves one ${protocol} API, and the template has a second, ${another.logicalId}: remove one.`,
    )
  const apiId = names.ref(api.logicalId) ?? api.logicalId
  const own = <T extends { ApiId: string }>(type: string, schema: v.GenericSchema<unknown, T>) =>
    resources.ofType(`AWS::ApiGatewayV2::${type}`, schema).filter(({ properties }) => properties.ApiId === apiId)
  const integrations = new Map(
    own('Integration', Integration).map(({ logicalId, properties }) => [names.ref(logicalId), properties]),
  )
  const authorizers = new Map(
    own('Authorizer', AuthorizerProperties).map(({ logicalId, properties }) => [
      names.ref(logicalId),
      createAuthorizer(properties, functionOf(functions, properties.AuthorizerUri, logicalId), clock),
    ]),
  )
  const routes = own('Route', Route).map(({ logicalId, properties }): ApiRoute => {
    const integration = integrations.get(properties.Target?.replace(/^integrations\//, ''))
    if (!integration) throw new LocalCloudError('template-unsupported', `The route ${logicalId} has no integration.`)
    const authorizer = authorizers.get(properties.AuthorizerId)
    if (properties.AuthorizationType !== 'NONE' && !authorizer) {
      const message = `The route ${logicalId} uses ${properties.AuthorizationType} authorization, which the local cloud does not support: use CUSTOM.`
      throw new LocalCloudError('template-unsupported', message)
    }
    return {
      routeKey: properties.RouteKey,
      target: functionOf(functions, integration.IntegrationUri, logicalId),
      timeoutMs: Math.min(integration.TimeoutInMillis ?? integrationMsMax[protocol], integrationMsMax[protocol]),
      authorizer,
      answers: properties.RouteResponseSelectionExpression !== undefined,
    }
  })
  const stage = own('Stage', Stage)[0]?.properties.StageName ?? '$default'
  const { RouteSelectionExpression, CorsConfiguration: cors } = api.properties
  return { apiId, stage, routeSelection: RouteSelectionExpression, cors, routes }
}

/** Finds the function that a URI names by its ARN, either alone or inside API Gateway's path to Lambda. */
function functionOf(functions: Functions, uri: string, place: string): LambdaFunction {
  const found = functions.find(/\/functions\/(.+)\/invocations$/.exec(uri)?.[1] ?? uri)
  if (!found)
    throw new LocalCloudError(
      'template-unsupported',
      `${place} integrates with ${uri}, which is not a function of the template.`,
    )
  return found
}
