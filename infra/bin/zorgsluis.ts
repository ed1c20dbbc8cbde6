import { App } from 'aws-cdk-lib';
import { check, zorgsluis } from '../lib/app';

const app = new App();
zorgsluis(app);
check(app);
