import { testModel } from './model';

testModel('qwen');
