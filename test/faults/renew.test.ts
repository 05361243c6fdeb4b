// Proves that whatever befalls the renew ends in a right result or a clear error, in time, with nothing leaked or half done.

import { playFaults } from './matrix.ts';

playFaults('renew');
