import { describe, expect, it } from '@jest/globals';
import { endless, exampleCopy, mayBeSilent, notRun, runbookSections, sectionsOf, told } from './commands.ts';

const commands = runbookSections().flatMap((section) => section.commands);

describe('the commands of the runbook', () => {
  it('are found in blocks and in the text, but not in what is generated', () => {
    const text =
      '# Runbook\n\n## A\n\nSay `kubectl get mm` or `rm`.\n\n1. So:\n\n   ```sh\n   kubectl get pods\n   ```\n\n<!-- generated: x -->\n`kubectl get nsm`\n<!-- end of generated -->\n\n## B\n\nNothing.\n';

    expect(sectionsOf(text)).toEqual([{ heading: 'A', commands: ['kubectl get mm', 'kubectl get pods'] }]);
  });

  it('are all run on the real control plane, section by section', () => {
    expect(
      runbookSections()
        .map(({ heading }) => heading)
        .sort(),
    ).toEqual([...told].sort());
  });

  it('have no exceptions that are not there', () => {
    const exceptions = [...Object.keys(notRun), ...Object.keys(mayBeSilent), ...endless];

    expect(exceptions.filter((command) => !commands.includes(command))).toEqual([]);
    expect(commands.some((command) => command.includes(exampleCopy))).toBe(true);
  });
});
