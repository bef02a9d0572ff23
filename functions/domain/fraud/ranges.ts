/**
 * Beginnings of numbers (E.164 without +) by what fraud makes of them. Fraudsters share the revenue of expensive terminations, so
 * warnings of carriers and PBX makers name the same ones again and again. A list by hand. The longest beginning counts.
 */
export type RangeRisk = 'satellite' | 'high' | 'medium' | 'ordinary' | 'free'

const lists: Readonly<Record<Exclude<RangeRisk, 'ordinary'>, string>> = {
  free: '800',
  // Satellite phones, global networks, premium and shared-cost numbers of the ITU.
  satellite: '808 870 878 881 882 883 888 979',
  high: [
    // Africa
    '211 218 220 222 223 224 226 227 228 229 231 232 235 236 239 240 242 243 244 245 246 247 248 249 250 251 252 253 256 257',
    '258 260 263 265 266 267 268 269 290 291',
    // Caribbean, within the numbering plan of North America and beside it
    '1242 1246 1264 1268 1284 1345 1441 1473 1649 1658 1664 1721 1758 1767 1784 1809 1829 1849 1868 1869 1876',
    '53 500 508 509 592 597 599',
    // Pacific
    '670 672 674 675 676 677 678 679 680 681 682 683 685 686 688 690 691 692',
    // Asia
    '850 855 856 93 95 960 963 964 967 970 97256 97259 975 992 993 994 996 998',
    // Europe
    '378 423',
  ].join(' '),
  medium: [
    '212 213 216 221 225 234 237 241 254 255 261 297 298 299 687 689 880 92 94 853 961 962 976 995 374',
    '350 355 359 370 371 372 373 375 376 3774 381 382 383 386 387 389',
    // Mobile numbers of the Channel Islands and the Isle of Man, which cost more than British ones.
    '447509 447624 447700 447781 447797 447829 447839 447911 447924 447937',
  ].join(' '),
}

const risks = new Map<string, RangeRisk>()
for (const risk of ['free', 'satellite', 'high', 'medium'] as const)
  for (const beginning of lists[risk].split(' ')) risks.set(beginning, risk)
const longest = Math.max(...[...risks.keys()].map((beginning) => beginning.length))

/** Returns the risk of a number in E.164. */
export function riskOfRange(number: string): RangeRisk {
  return longestMatch(number.slice(1), longest, (beginning) => risks.get(beginning)) ?? 'ordinary'
}

/** Returns what `find` has for the longest beginning of a text. */
export function longestMatch<T>(text: string, max: number, find: (beginning: string) => T | undefined): T | undefined {
  for (let length = Math.min(max, text.length); length > 0; length -= 1) {
    const found = find(text.slice(0, length))
    if (found !== undefined) return found
  }
  return undefined
}
