import type { Site } from '../site.ts'

/** The tones of a country, as ITU-T E.180 (supplement 2) lists them. */
interface Tones {
  readonly name: string
  readonly cadence: string
  readonly dial: string
  readonly busy: string
  readonly ring: string
  readonly congestion: string
}

const tones: Readonly<Record<Site['country'], Tones>> = {
  fr: {
    name: 'France',
    cadence: '1500,3500',
    dial: '440',
    busy: '440/500,0/500',
    ring: '440/1500,0/3500',
    congestion: '440/250,0/250',
  },
  be: {
    name: 'Belgium',
    cadence: '1000,3000',
    dial: '425',
    busy: '425/500,0/500',
    ring: '425/1000,0/3000',
    congestion: '425/167,0/167',
  },
  ch: {
    name: 'Switzerland',
    cadence: '1000,4000',
    dial: '425',
    busy: '425/500,0/500',
    ring: '425/1000,0/4000',
    congestion: '425/200,0/200',
  },
  de: {
    name: 'Germany',
    cadence: '1000,4000',
    dial: '425',
    busy: '425/480,0/480',
    ring: '425/1000,0/4000',
    congestion: '425/240,0/240',
  },
  gb: {
    name: 'United Kingdom',
    cadence: '400,200,400,2000',
    dial: '350+440',
    busy: '400/375,0/375',
    ring: '400+450/400,0/200,400+450/400,0/2000',
    congestion: '400/400,0/350,400/225,0/525',
  },
  us: {
    name: 'United States',
    cadence: '2000,4000',
    dial: '350+440',
    busy: '480+620/500,0/500',
    ring: '440+480/2000,0/4000',
    congestion: '480+620/250,0/250',
  },
}

/** Renders indications.conf: the tones of a country. Asterisk warns if no country is set. */
export function renderIndications(country: Site['country'] = 'fr'): string {
  const { name, cadence, dial, busy, ring, congestion } = tones[country]
  return `[general]
country = ${country}

[${country}]
description = ${name}
ringcadence = ${cadence}
dial = ${dial}
busy = ${busy}
ring = ${ring}
congestion = ${congestion}
`
}
