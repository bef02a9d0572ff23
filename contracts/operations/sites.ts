import { SiteCreated, SiteRequest } from '../http.ts'

export const siteOperations = {
  'POST /v1/sites': {
    summary: 'Makes a site with its command queue, its first key and its bridge.',
    body: SiteRequest,
    answers: { 201: SiteCreated },
  },
} as const
