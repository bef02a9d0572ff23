/** Numbers of a country from its public numbering plan, in national form, for tests of dial rules. */
export interface NumberingPlan {
  callingCode: string
  /** What a phone dials before an international number. */
  internationalPrefix: string
  /** What a phone dials before a national number, and what an international number leaves out. */
  trunkPrefix: string
  emergency: readonly string[]
  /** Short numbers that are billed, or that reach helplines and services of carriers. */
  short: readonly string[]
  premium: readonly string[]
  fixed: readonly string[]
  mobile: readonly string[]
}

/** Sources: Arcep, BIPT, NANPA, Ofcom, Bundesnetzagentur, BAKOM; numbers for films where the regulator reserves some. */
export const numberingPlans = {
  FR: {
    callingCode: '33',
    internationalPrefix: '00',
    trunkPrefix: '0',
    emergency: ['15', '17', '18', '112'],
    short: ['114', '115', '119', '196', '3699', '3200', '1014', '118218', '118712', '3646', '116000'],
    premium: ['0899123456', '0892701239', '0897654321'],
    fixed: ['0199001234', '0261911234', '0353011234', '0465711234', '0536491234', '0809123456'],
    mobile: ['0698123456', '0612345678', '0756123456'],
  },
  BE: {
    callingCode: '32',
    internationalPrefix: '00',
    trunkPrefix: '0',
    emergency: ['100', '101', '112'],
    short: ['102', '103', '105', '107', '110', '1207', '1307', '1212', '116000', '2345'],
    premium: ['090212345', '090312345', '070123456'],
    fixed: ['025512020', '032021234', '042221234', '092101234', '016221234', '078150000'],
    mobile: ['0470123456', '0485123456', '0456123456'],
  },
  US: {
    callingCode: '1',
    internationalPrefix: '011',
    trunkPrefix: '',
    emergency: ['911', '112'],
    short: ['211', '311', '411', '511', '611', '811', '988', '24280', '41366'],
    premium: ['9002345678', '9005551234', '9008761234'],
    fixed: ['2125550123', '3105550147', '7735550181', '4155550100', '8002255288', '2025550199'],
    mobile: ['6175550132', '3055550155', '5035550177'],
  },
  GB: {
    callingCode: '44',
    internationalPrefix: '00',
    trunkPrefix: '0',
    emergency: ['999', '112'],
    short: ['101', '111', '105', '118118', '116123', '100', '123', '155', '1471', '159'],
    premium: ['09098790123', '09011234567', '08712345678'],
    fixed: ['02079460123', '01174960123', '01314960123', '01212345678', '03001231234', '08001111111'],
    mobile: ['07400123456', '07512345678', '07987654321'],
  },
  DE: {
    callingCode: '49',
    internationalPrefix: '00',
    trunkPrefix: '0',
    emergency: ['110', '112'],
    short: ['115', '116117', '116000', '11833', '11880', '22044', '80808'],
    premium: ['09001234567', '09003123456', '01371234567'],
    fixed: ['03023125123', '08999998123', '022144123', '06990009123', '04066969123', '08001234567'],
    mobile: ['01713920012', '015112345678', '01601234567'],
  },
  CH: {
    callingCode: '41',
    internationalPrefix: '00',
    trunkPrefix: '0',
    emergency: ['112', '117', '118', '144'],
    short: ['143', '145', '147', '140', '1414', '1811', '1818', '163', '187'],
    premium: ['0900123456', '0901123456', '0906123456'],
    fixed: ['0227305111', '0446681800', '0313221234', '0612671234', '0582211234', '0800123456'],
    mobile: ['0791234567', '0781234567', '0761234567'],
  },
} as const satisfies Record<string, NumberingPlan>

export type PlanCountry = keyof typeof numberingPlans
export const planCountries = ['FR', 'BE', 'US', 'GB', 'DE', 'CH'] as const satisfies PlanCountry[]
/** What phones dial before an outside number, as sites have it. */
export const outsidePrefixes = ['', '0', '9'] as const

/** The one other country that a site of the tests may call. */
export function neighbourOf(country: PlanCountry): PlanCountry {
  return country === 'BE' ? 'FR' : 'BE'
}

export function e164(plan: NumberingPlan, national: string): string {
  return `+${plan.callingCode}${national.slice(plan.trunkPrefix.length)}`
}

/** Full-width digits, as a Japanese keyboard types them. */
export function fullWidth(digits: string): string {
  return digits.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)))
}

/** Texts that a site in the country may never dial, with its outside prefix. */
export function forbiddenTexts(country: PlanCountry, prefix: string): string[] {
  const plan: NumberingPlan = numberingPlans[country]
  const { callingCode, internationalPrefix: away, emergency, short, premium } = plan
  const shortForms = (n: string) => [n, prefix + n, `+${callingCode}${n}`, `${prefix}${away}${callingCode}${n}`]
  const emergencyForms = (n: string) => [`0${n}`, `${prefix}0${n}`, n.split('').join(' '), `${n}.`, `(${prefix}${n}`]
  const hidden = (n: string) => [
    `tel:${n}`,
    `#31#${n}`,
    `*31#${n}`,
    fullWidth(n),
    `${n},1`,
    `${n}p1`,
    `${n};ext=2`,
    `${n}#`,
  ]
  const foreign = planCountries
    .filter((other) => other !== country && other !== neighbourOf(country))
    .map((other) => e164(numberingPlans[other], numberingPlans[other].fixed[0]))
  const abroad = [
    '+12423651234',
    '+18765551234',
    '+23222234567',
    '+37121234567',
    '+870773111632',
    '+881612345678',
    '+979123456789',
    ...foreign,
  ]
  const outsideForms = (n: string) => [
    n,
    away + n.slice(1),
    prefix + away + n.slice(1),
    `${n.slice(0, 3)} ${n.slice(3)}`,
  ]
  return [
    ...[...emergency, ...short].flatMap(shortForms),
    ...emergency.flatMap(emergencyForms),
    ...emergency.slice(0, 2).flatMap(hidden),
    ...premium.flatMap((n) => [n, prefix + n, ...outsideForms(e164(plan, n))]),
    ...abroad.flatMap(outsideForms),
    ...['*72', '*72*61', '*21*0612345678#', '#31#0612345678', '88888', '88889', '8 88 89', '*97', '**61', '#'],
    ...['SOS', 'sip:61@evil.example', '61&PJSIP/5861', 'Local/61@internes', '', '+', prefix || '0', `${prefix}0`],
  ]
}

/** Texts that a site in the country dials, with what is dialled without the outside prefix; undefined where none is due. */
export function legitimateTexts(country: PlanCountry, prefix: string): { text: string; outside: string }[] {
  const plan: NumberingPlan = numberingPlans[country]
  const { internationalPrefix: away } = plan
  const home = [...plan.fixed, ...plan.mobile].flatMap((national) => {
    const full = e164(plan, national)
    const texts = [national, full, prefix + national, `${full.slice(0, 4)} ${full.slice(4, 6)}\u00a0${full.slice(6)}`]
    return texts.map((text) => ({ text, outside: national }))
  })
  const other = numberingPlans[neighbourOf(country)]
  const neighbours = other.fixed.slice(0, 2).flatMap((national) => {
    const digits = e164(other, national).slice(1)
    return [`+${digits}`, away + digits, prefix + away + digits].map((text) => ({ text, outside: away + digits }))
  })
  return [...home, ...neighbours]
}
