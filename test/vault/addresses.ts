// Whether an address is within the CIDR blocks a role or a token is bound to.

import { BlockList, isIP, isIPv6 } from 'node:net';

/** True without blocks, or when one of them holds the address. */
export function isAllowedAddress(address: string, cidrs: readonly string[]): boolean {
  if (cidrs.length === 0) return true;
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network = '', bits] = cidr.split('/');
    const longest = isIPv6(network) ? 128 : 32;
    // What is no network holds no address.
    if (isIP(network) === 0 || Number(bits ?? longest) > longest) continue;
    list.addSubnet(network, Number(bits ?? longest), isIPv6(network) ? 'ipv6' : 'ipv4');
  }
  // A dual-stack socket shows an IPv4 peer as ::ffff:127.0.0.1.
  const plain = address.replace(/^::ffff:/, '');
  return list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
}
