import { accessSlips } from './access.ts'
import { liveSlips } from './live.ts'
import { privacySlips } from './privacy.ts'
import { recordSlips } from './records.ts'
import type { Slip } from './slip.ts'

export const slips: readonly Slip[] = [...privacySlips, ...accessSlips, ...recordSlips, ...liveSlips]
