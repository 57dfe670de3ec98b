// simple-peer ships this file for browsers without types of its own beside it.
declare module 'simple-peer/simplepeer.min.js' {
  import type SimplePeer from 'simple-peer';

  const constructor: SimplePeer.SimplePeer;
  export default constructor;
}
