import { trimmed } from '../../../base/trimmed.ts';

/*
 * Path templates: `{*}` is one segment of a path, `{**}` any number of them. istiod's webhook checks them in one way, and Envoy,
 * which gets them as `*` and `**` (sanitizePathTemplate in istio/istio pilot/pkg/security/authz/matcher/template.go), in another.
 */

/**
 * Whether istiod makes a template of the path, and not a text to compare (ContainsPathTemplate in
 * pkg/config/security/security.go).
 */
export function isPathTemplate(path: string): boolean {
  return /\{\*\*?\}/.test(path);
}

const segmentText = /^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/;

/**
 * Why the webhook refuses a path (CheckValidPathTemplate): braces only as `{*}` or `{**}`, which take a whole segment,
 * none of them after `{**}`.
 */
export function refusedTemplate(path: string): string | undefined {
  const segments = trimmed(path, '/').split('/');
  const any = segments.indexOf('{**}');
  if (any >= 0 && segments.slice(any + 1).some((segment) => segment === '{*}' || segment === '{**}'))
    return 'has an operator after {**}';
  const texts = segments.filter((segment) => segment !== '{*}' && segment !== '{**}');
  if (texts.some((segment) => /[{}]/.test(segment))) return 'has a brace outside of {*} and {**}';
  return isPathTemplate(path) && !texts.every((segment) => segmentText.test(segment))
    ? 'has a segment with characters that a path template does not allow'
    : undefined;
}

/** Of UriTemplateMatchConfig.path_template in Envoy. */
const maxLength = 256;

/**
 * Why Envoy refuses a template: its parser wants a slash and then segments, none of them empty, with at most one slash
 * at the end (parsePathPatternSyntax), and the message has a bound. The webhook looks past slashes at both ends, and at
 * no length.
 */
export function unloadableTemplate(path: string): string | undefined {
  const refused = refusedTemplate(path);
  if (refused !== undefined) return refused;
  if (!/^\/(?!\/)/.test(path)) return 'does not begin with exactly one slash';
  if (path.endsWith('//')) return 'ends with more than one slash';
  return path.replace(/\{(\*\*?)\}/g, '$1').length > maxLength ? `is longer than ${maxLength} characters` : undefined;
}
