import { App } from 'aws-cdk-lib';
import { zorgsluis } from '../lib/app';

zorgsluis(new App());
