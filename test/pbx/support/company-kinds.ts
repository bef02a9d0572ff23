import type { CompanyKind } from './company-call.ts'
import { groupKinds } from './company-groups.ts'
import { outsideKinds } from './company-outside.ts'
import { phoneKinds } from './company-phones.ts'

/** All kinds of call that the company PBX is tested with, on phones of their own, so that all can be made at once. */
export const companyKinds: readonly CompanyKind[] = [...phoneKinds, ...groupKinds, ...outsideKinds]
