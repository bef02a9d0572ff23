/** Whether a server that listens there can be reached from other machines. An absent address means all. */
export function isExposed(address: string | undefined): boolean {
  if (address === undefined || address.trim() === '') return true
  return !/^(127\.|localhost$|\[?::1\]?(:\d+)?$)/i.test(address.trim())
}

/** Whether an address belongs to the public internet. Names count as public, `0.0.0.0` and `::` do not tell. */
export function isPublic(address: string | undefined): boolean {
  const host = (address ?? '').trim().replace(/:\d+$/, '')
  const [a, b] = host.split('.').map(Number)
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(host) || a === undefined || b === undefined) return false
  const isPrivate =
    a === 0 ||
    a === 10 ||
    a === 127 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254)
  return !isPrivate && !(a === 100 && b >= 64 && b < 128) && a < 224
}

/** Whether a network of an access list is the whole internet. */
export function isEverywhere(network: string): boolean {
  return /^!?\s*(0\.0\.0\.0|::)\/(0|0\.0\.0\.0|::)$/.test(network.trim()) || /^(0\.0\.0\.0|::)$/.test(network.trim())
}

/** Whether a network of an access list lies on this machine or in a private range. */
export function isLocal(network: string): boolean {
  return /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|::1|fe80:|f[cd])/i.test(network.trim())
}
