import { blank } from '../base/blank.ts';
import { shown } from '../base/shown.ts';

/**
 * What kubelet, containerd and runc say of a container that does not start is made of few words; all others are names,
 * or texts of somebody else: the user of an image, the answer of its registry, a working directory. None of these is
 * quoted there. What tools are told to do by (`create`, `run`, `get`) is not among them: beside known words it is told
 * all the same.
 */
const words: ReadonlySet<string> = new Set(
  `a access allowed already an and any are as at attempting authentication authorization back-off back be because
    been being but by cancelled cannot canceled cgroup client code command configmap configuration connect
    connection container containerd containers context copy could couldn't created creating credentials cwd daemon
    data deadline default denied desc device did directory disk do does doesn't during elapsed empty end entries
    entry error errimagepull errors exceeded executable exist exists exit exited expected failed failing failure
    file files filesystem find for format found from group has have head header host hostname http https i/o id
    image images in inaccessible init initialization internal invalid io is it its key layer left length limit local
    locate lookup manifest match matching max may memory message missing mkdir mount mounted mounting must name
    namespace network no node non-numeric non-root non-zero not object of on only open openat operation options or
    oci out pad parse passwd path permission platform pod pods policy process progress pull pulled pulling quota
    rate-limited rate read read-only reached reason refused reference register registry repository request require
    required requested resolve resolving resource response restarting restoring resulted root rootfs rpc
    runasnonroot runasuser runc runtime secret secrets server service serviceaccount setup shim signal signature
    size skipped space spec specified start started starting stat state status still stopped stream string supported
    system tag task tcp temporary terminated than that the there this timed timeout tls to token too try trying type
    unable unauthorized unavailable unexpected unknown unpack unpacking unsupported up used user users using valid
    value verify volume volumes waiting was when while will with within without write writing x509 you your`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

const blanks = new RegExp(`(${blank}+)`, 'u');

/** Kubernetes' own words for a thing beside its name, which has no blank. */
const named = /^(?:pod|container)=/;

/** Whether it is one of these words, with no more than signs around it. */
function isPlain(word: string): boolean {
  const bare = /[a-z].*[a-z0-9/]|[a-z]/s.exec(word.toLowerCase())?.[0] ?? '';
  return bare === '' || words.has(bare);
}

function isKnown(word: string): boolean {
  return named.test(word) || word.startsWith('"') || isPlain(word); // What is quoted is one word by now.
}

/**
 * As much of such a message as cannot be a sentence of somebody else: of words that are none of its own no two stand
 * beside each other, and each is told as far as it is one word to everybody. It ends after the first of two.
 */
export function inOwnWords(message: string): string {
  const parts = message.split(blanks).map((part, at) => (at % 2 === 0 && !isPlain(part) ? shown(part) : part));
  for (let at = 0; at + 2 < parts.length; at += 2) {
    if (isKnown(parts[at] ?? '') || isKnown(parts[at + 2] ?? '')) continue;
    return `${parts.slice(0, at + 1).join('')}…`;
  }
  return parts.join('');
}
