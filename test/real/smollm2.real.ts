import { testModel } from './model';

testModel('smollm2');
