import { realNetwork } from '../../src/runtime/net/real-network.ts';
import { networkContract } from './network-contract.ts';

networkContract('real network', () => ({
  network: realNetwork(),
  addresses: ['127.0.0.2', '127.0.0.3'],
  pass: promise => promise,
}));
