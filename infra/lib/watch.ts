import { App } from 'aws-cdk-lib';
import { AlarmsStack } from './alarms';
import { DetectionStack } from './detection';
import { Base, pipeline } from './pipeline';
import { PostureStack } from './posture';
import { SiemStack } from './siem';
import { TrailStack } from './trail';

/** What watches over the pipeline and the account. */
export function watch(app: App, base: Base, way: ReturnType<typeof pipeline>) {
  const { settings, keys, storage } = base;
  const { options } = way;
  const trail = new TrailStack(app, 'trail', { settings, options, keys, storage });
  const posture = options.elsewhere.has('config') ? undefined : new PostureStack(app, 'posture', { settings, storage });
  const detection = new DetectionStack(app, 'detection', { settings, options, keys, storage });
  const alarms = new AlarmsStack(app, 'alarms', { settings, keys, way, trail });
  const siem = settings.siem ? new SiemStack(app, 'siem', { settings, options, keys, storage, trail }) : undefined;
  return { trail, posture, detection, alarms, siem };
}
