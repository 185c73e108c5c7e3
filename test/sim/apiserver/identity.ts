import type { Random } from '../../../src/base/random.ts';

const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
/** 10.96.0.0/12, kubeadm's default service range. */
const firstServiceAddress = 0x0a600000;

/** Everything a server makes up: repeatable from its seed. */
export class Identity {
  private readonly random: Random;
  private addresses = 0;

  constructor(random: Random) {
    this.random = random;
  }

  /** A random UUID (version 4). */
  uid(): string {
    const hex = Array.from({ length: 8 }, () =>
      Math.floor(this.random() * 0x10000)
        .toString(16)
        .padStart(4, '0'),
    );
    const [a, b, c, d = '', e = '', f, g, h] = hex;
    const variant = (8 + (parseInt(e.slice(0, 1), 16) % 4)).toString(16);
    return `${String(a)}${String(b)}-${String(c)}-4${d.slice(1)}-${variant}${e.slice(1)}-${String(f)}${String(g)}${String(h)}`;
  }

  /** Five characters as apiserver's name generator appends them to generateName. */
  suffix(): string {
    return Array.from(
      { length: 5 },
      () => suffixAlphabet[Math.floor(this.random() * suffixAlphabet.length)] ?? 'x',
    ).join('');
  }

  /** The next free address of a Service. */
  clusterIp(): string {
    this.addresses += 1;
    const address = firstServiceAddress + this.addresses;
    return [24, 16, 8, 0].map((shift) => String((address >>> shift) & 0xff)).join('.');
  }
}
