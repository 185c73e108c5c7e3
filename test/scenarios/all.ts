import { adoptScenarios } from './adopt.ts';
import { alikeNameScenarios } from './alike-names.ts';
import { backAbsentScenarios } from './back-absent.ts';
import { backTogetherScenarios } from './back-together.ts';
import { beliefScenarios } from './belief.ts';
import { blockedScenarios } from './blocked.ts';
import { calledFirstScenarios } from './called-first.ts';
import { currentFindingScenarios } from './current-findings.ts';
import { directScenarios } from './direct.ts';
import { honestStatusScenarios } from './honest-status.ts';
import { httpBackScenarios } from './http-back.ts';
import { httpExtensionScenarios } from './http-extensions.ts';
import { httpRouteScenarios } from './http-routes.ts';
import { egressScenarios } from './egress.ts';
import { foreignLabelScenarios } from './foreign-labels.ts';
import { fleetScenarios } from './fleet.ts';
import { fightScenarios } from './fights.ts';
import { followScenarios } from './follow.ts';
import { httpScenarios } from './http.ts';
import { lateFindingScenarios } from './late-findings.ts';
import { lifecycleScenarios } from './lifecycle.ts';
import { cronJobScenarios } from './cron-jobs.ts';
import { networkPolicyScenarios } from './network-policies.ts';
import { otherPodScenarios } from './other-pods.ts';
import { ownObjectScenarios } from './own-objects.ts';
import { migrateScenarios } from './migrate.ts';
import { requestedScenarios } from './requested.ts';
import { returnScenarios } from './return.ts';
import { recordFightScenarios } from './record-fights.ts';
import { recordScenarios } from './record.ts';
import { redirectedScenarios } from './redirected.ts';
import { refusedRecordScenarios } from './records-refused.ts';
import { rollbackScenarios } from './rollback.ts';
import { routeScenarios } from './routes.ts';
import type { Scenario } from './scenario.ts';
import { scopeScenarios } from './scope.ts';
import { settles } from './settle.ts';
import { strippedScenarios } from './stripped.ts';
import { strangerScenarios } from './strangers.ts';
import { tenantScenarios } from './tenants.ts';
import { twoMigrationScenarios } from './two-migrations.ts';
import { valueScenarios } from './values.ts';
import { waypointScenarios } from './waypoint-life.ts';
import { writtenTextScenarios } from './written-text.ts';

/** Every scenario; each runs on the simulated cluster and on the real control plane. */
export const scenarios: readonly Scenario[] = [
  ...migrateScenarios,
  ...fleetScenarios,
  ...rollbackScenarios,
  ...blockedScenarios,
  ...lifecycleScenarios,
  ...routeScenarios,
  ...waypointScenarios,
  ...httpScenarios,
  ...httpRouteScenarios,
  ...httpExtensionScenarios,
  ...httpBackScenarios,
  settles,
  ...directScenarios,
  ...egressScenarios,
  ...networkPolicyScenarios,
  ...alikeNameScenarios,
  ...fightScenarios,
  ...followScenarios,
  ...foreignLabelScenarios,
  ...honestStatusScenarios,
  ...lateFindingScenarios,
  ...currentFindingScenarios,
  ...otherPodScenarios,
  ...cronJobScenarios,
  ...ownObjectScenarios,
  ...returnScenarios,
  ...recordScenarios,
  ...recordFightScenarios,
  ...beliefScenarios,
  ...strippedScenarios,
  ...scopeScenarios,
  ...calledFirstScenarios,
  ...backTogetherScenarios,
  ...backAbsentScenarios,
  ...refusedRecordScenarios,
  ...redirectedScenarios,
  ...twoMigrationScenarios,
  ...strangerScenarios,
  ...adoptScenarios,
  ...requestedScenarios,
  ...tenantScenarios,
  ...valueScenarios,
  ...writtenTextScenarios,
];
