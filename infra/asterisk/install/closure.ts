/**
 * Finds the packages of the libraries that Asterisk loads. The dependencies of Debian's package are 160 packages, most of them for
 * modules that are not loaded here; the libraries of the loaded files (elf.ts) need about 50.
 */

/** Libraries whose package is named after another library of the same source. */
const SAME_PACKAGE_AS: Readonly<Record<string, string>> = {
  liblber: 'libldap',
  libcrypto: 'libssl',
  libexslt: 'libxslt',
  libbrotlidec: 'libbrotli',
  libbrotlienc: 'libbrotli',
  libbrotlicommon: 'libbrotli',
}

/** Libraries whose package does not follow the naming rule. */
const PACKAGE_OF: Readonly<Record<string, string>> = {
  'libz.so.1': 'zlib1g',
  'libm.so.6': 'libc6',
  'libdl.so.2': 'libc6',
  'libpthread.so.0': 'libc6',
  'librt.so.1': 'libc6',
  'libresolv.so.2': 'libc6',
  'ld-linux-x86-64.so.2': 'libc6',
}

/**
 * Returns the package of a library by the naming rule of Debian policy 8.1: `libssl.so.3` is in `libssl3`, and `libkrb5.so.3`,
 * whose name ends in a digit, in `libkrb5-3`. The suffix `t64` marks the change to 64-bit time. Returns undefined if no available
 * package fits; the caller then installs all packages.
 */
export function packageOfLibrary(soname: string, available: readonly string[]): string | undefined {
  const exception = PACKAGE_OF[soname]
  if (exception) return available.find((name) => name === exception)
  const found = /^(.+?)\.so\.(.+)$/.exec(soname)
  if (!found) return undefined
  const [, stem = '', version = ''] = found
  const base = (SAME_PACKAGE_AS[stem] ?? stem).toLowerCase().replaceAll('_', '-')
  const wanted = /\d$/.test(base) ? `${base}-${version}` : `${base}${version}`
  return (
    available.find((name) => name === wanted || name === `${wanted}t64`) ??
    available.find((name) => name.startsWith(`${wanted}.`)) // libxslt.so.1 is in libxslt1.1
  )
}

/** A package in the output of `apt-get --print-uris`. */
export interface ListedPackage {
  readonly name: string
  readonly version: string
}

/** Parses lines `'URI' file size hash` of `apt-get -qq --print-uris install`; other lines are ignored. */
export function parsePrintUris(text: string): ListedPackage[] {
  return text.split('\n').flatMap((line) => {
    const file = /^'[^']*' (\S+\.deb) \d+/.exec(line)?.[1]
    const [name, version] = file?.split('_') ?? []
    return name && version ? [{ name, version: decodeURIComponent(version) }] : []
  })
}
