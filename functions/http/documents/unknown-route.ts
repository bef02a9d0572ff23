import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { unroutedErrors } from '../../../contracts/routes/route-errors.ts'
import { routeNames } from '../../../contracts/routes.ts'
import { logOutcome } from '../../log.ts'
import { answerOf } from '../http-handler.ts'
import type { HttpEvent } from '../input.ts'
import { HttpProblemError } from '../problem.ts'

/** Answers a request that fits no route, which API Gateway passes on by its route `$default`: 404, or 405 with the methods of the path. */
export function answerUnknownRoute(event: HttpEvent): APIGatewayProxyStructuredResultV2 {
  const { method, path } = event.requestContext.http
  const methods = methodsOf(path)
  const problem = methods.length > 0 ? methodUnknown(method, methods) : routeUnknown()
  logOutcome('info', 'http', { route: '$default', status: problem.status, errorId: problem.errorId })
  return answerOf(problem)
}

function methodsOf(path: string): string[] {
  const segments = path.split('/')
  return routeNames.flatMap((name) => {
    const [method = '', pattern = ''] = name.split(' ')
    const parts = pattern.split('/')
    const fits = parts.every((part, n) => (part.startsWith('{') ? segments[n] !== '' : part === segments[n]))
    return fits && parts.length === segments.length ? [method] : []
  })
}

function routeUnknown(): HttpProblemError {
  const detail = 'The API has no such path. GET /v1/openapi.json lists every route; paths have no slash at their end.'
  return problemOf('route-unknown', detail)
}

function methodUnknown(method: string, methods: readonly string[]): HttpProblemError {
  const detail = `This path does not take the method ${method.slice(0, 20)}. It takes ${methods.join(', ')}.`
  return problemOf('method-unknown', detail, { allow: methods.join(', ') })
}

function problemOf(errorId: keyof typeof unroutedErrors, detail: string, headers: Record<string, string> = {}) {
  return new HttpProblemError(unroutedErrors[errorId].status, errorId, detail, { headers })
}
