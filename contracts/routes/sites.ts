import * as v from 'valibot'
import { field } from '../field.ts'
import { Matricule } from '../grades.ts'
import { Receipt, Site, SiteChange, SiteCreated, SitePage, SiteQuery, SiteRequest } from '../site.ts'
import { codeExample, receiptExample, siteExample } from './examples.ts'
import { sitePath } from './parameters.ts'
import type { RouteGroup } from './route.ts'

const ErasureRequest = v.union(
  [
    v.strictObject({
      number: field(
        v.pipe(
          v.string(),
          v.regex(/^[+*#0-9A-Za-z._-]{1,40}$/, 'Not a number as it was dialled. Example: 0612345678.'),
        ),
        'The number to erase, as it was dialled.',
        '0612345678',
      ),
    }),
    v.strictObject({ matricule: field(Matricule, 'The student number whose mark is erased.', '100') }),
  ],
  'Neither a number nor a matricule. Example: {"number": "0612345678"}.',
)

const siteUnknown = { 'site-unknown': { status: 404, when: 'The deployment has no such site.' } }

export const siteRoutes = {
  'POST /v1/sites': {
    summary: 'Creates a site with its command queue, its first key and a code that enrols its bridge.',
    function: 'sites',
    needs: 'admin',
    body: SiteRequest,
    answers: { 201: SiteCreated },
    errors: {
      'site-exists': { status: 409, when: 'The deployment has a site of this name.' },
      'site-being-deleted': { status: 409, when: 'A site of this name is being deleted: try again in two minutes.' },
    },
    example: {
      body: { site: 'office', name: 'Office' },
      answer: { ...siteExample, apiKey: 'sh_Zk3f9a8c_c2VjcmV0', enrolment: codeExample },
    },
  },
  'GET /v1/sites': {
    summary: 'Lists the sites of the deployment by name, a hundred on a page.',
    function: 'sites',
    needs: 'admin',
    query: SiteQuery,
    answers: { 200: SitePage },
    example: { answer: { sites: [siteExample] } },
  },
  'GET /v1/sites/{site}': {
    summary: 'Answers a site with its settings.',
    function: 'sites',
    needs: 'sites:read',
    orAdmin: true,
    path: sitePath,
    answers: { 200: Site },
    example: { answer: siteExample },
  },
  'PATCH /v1/sites/{site}': {
    summary: 'Changes properties and settings of a site; those that the body does not name stay.',
    function: 'sites',
    needs: 'sites:write',
    orAdmin: true,
    path: sitePath,
    body: SiteChange,
    answers: { 200: Site },
    errors: { 'site-changed': { status: 409, when: 'The site was changed at the same time: read it and try again.' } },
    example: { body: { settings: { dialMobile: false } }, answer: siteExample },
  },
  'DELETE /v1/sites/{site}': {
    summary:
      'Deletes a site with its keys, bridges, call log and all else except its audit. Sent again, it answers the progress.',
    function: 'removals',
    needs: 'admin',
    path: sitePath,
    answers: { 202: Receipt },
    errors: siteUnknown,
    example: { answer: { ...receiptExample, what: 'site' } },
  },
  'GET /v1/sites/{site}/receipts/{receipt}': {
    summary: 'Answers what a deletion or an erasure has removed so far.',
    function: 'removals',
    needs: 'people:erase',
    orAdmin: true,
    path: { ...sitePath, receipt: field(v.string(), 'Id of the receipt.', receiptExample.id) },
    answers: { 200: Receipt },
    errors: { 'receipt-unknown': { status: 404, when: 'The site has no such receipt.' } },
    example: { answer: receiptExample },
  },
  'POST /v1/sites/{site}/erasures': {
    summary: 'Erases a number from call log, time lines and live calls, or the mark of a student.',
    function: 'removals',
    needs: 'people:erase',
    path: sitePath,
    body: ErasureRequest,
    answers: { 202: Receipt },
    errors: {
      'erasure-limit': { status: 429, when: 'The site has 100 erasures under way: try again when some are done.' },
    },
    example: { body: { number: '0612345678' }, answer: receiptExample },
  },
} as const satisfies RouteGroup
