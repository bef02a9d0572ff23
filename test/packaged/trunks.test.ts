import * as v from 'valibot'
import { expect, test } from 'vitest'
import { EndpointList } from '../../contracts/http.ts'
import { sharedDeployment } from '../support/deployment.ts'
import { endpointFact } from '../support/facts.ts'
import { until } from '../support/until.ts'

/**
 * Goal: which endpoints are trunks is the decision of the site's settings, and of the bridge where they name none.
 * Method: the packaged functions; the test plays the bridges of two sites, one of which has settings.
 */
const deployment = sharedDeployment()

async function trunksOf(name: string, settings: object) {
  const { site, ...rest } = await deployment.makeSite(name)
  const changed = await deployment.call('PATCH', `/v1/sites/${name}`, {
    key: deployment.cloud.adminKey,
    body: { settings },
  })
  expect(changed.status).toBe(200)
  const recognised = endpointFact(name, [1, 1], 'recognised', 'NOT_INUSE')
  const facts = [
    { ...recognised, data: { ...recognised.data, trunk: {} } },
    endpointFact(name, [1, 2], 'named', 'NOT_INUSE'),
    endpointFact(name, [1, 3], '5860', 'NOT_INUSE'),
  ]
  await deployment.send({ site, ...rest }, 'live', facts)
  const list = async () => {
    const response = await deployment.call('GET', `/v1/sites/${name}/endpoints`, { key: site.apiKey })
    return v.parse(EndpointList, await response.json()).endpoints
  }
  await until('the endpoints', async () => (await list()).length === facts.length)
  return (await list()).filter(({ trunk }) => trunk !== undefined).map(({ endpoint }) => endpoint)
}

test('shows the trunks that the bridge recognised; trunks in the site’s settings replace them', async () => {
  expect(await trunksOf('trunks-recognised', {})).toEqual(['PJSIP/recognised'])
  expect(await trunksOf('trunks-named', { trunks: ['PJSIP/named'] })).toEqual(['PJSIP/named'])
})
