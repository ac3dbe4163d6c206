import { testModel } from './model';

testModel('gemma');
