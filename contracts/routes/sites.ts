import * as v from 'valibot'
import { Matricule } from '../grades.ts'
import { SiteCreated } from '../http.ts'
import { Receipt, Site, SiteChange, SitePage, SiteQuery, SiteRequest } from '../site.ts'

export const siteRoutes = {
  'POST /v1/sites': {
    function: 'sites',
    needs: 'admin',
    summary: 'Makes a site with its command queue, its first key and a code that enrols its bridge.',
    body: SiteRequest,
    answers: { 201: SiteCreated },
  },
  'GET /v1/sites': {
    function: 'sites',
    needs: 'admin',
    summary: 'Sites of the deployment, by name, a hundred a page.',
    query: SiteQuery,
    answers: { 200: SitePage },
  },
  'GET /v1/sites/{site}': {
    function: 'sites',
    needs: 'sites:read',
    orAdmin: true,
    summary: 'A site with its settings.',
    answers: { 200: Site },
  },
  'PATCH /v1/sites/{site}': {
    function: 'sites',
    needs: 'sites:write',
    orAdmin: true,
    summary: 'Changes some of the properties or settings of a site.',
    body: SiteChange,
    answers: { 200: Site },
  },
  'DELETE /v1/sites/{site}': {
    function: 'removals',
    needs: 'admin',
    summary:
      'Removes a site with its keys, bridges, call log and everything else, but its audit. Asked again, it tells how far that is.',
    answers: { 202: Receipt },
  },
  'GET /v1/sites/{site}/receipts/{receipt}': {
    function: 'removals',
    needs: 'people:erase',
    orAdmin: true,
    summary: 'What a deletion or an erasure has removed.',
    answers: { 200: Receipt },
  },
  'POST /v1/sites/{site}/erasures': {
    function: 'removals',
    needs: 'people:erase',
    summary: 'Erases a number everywhere: call log, time lines, live calls. Or a student, by matricule: the mark.',
    body: v.union(
      [
        v.strictObject({
          number: v.pipe(v.string(), v.regex(/^[+*#0-9A-Za-z._-]{1,40}$/, 'a number as it was dialled')),
        }),
        v.strictObject({ matricule: Matricule }),
      ],
      'a number, or a matricule',
    ),
    answers: { 202: Receipt },
  },
} as const
