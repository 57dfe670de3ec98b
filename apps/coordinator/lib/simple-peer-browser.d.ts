/** The build of simple-peer made for browsers, which the agent loads when it lends a data channel; same exports. */
declare module 'simple-peer/simplepeer.min.js' {
  import SimplePeer from 'simple-peer';
  export default SimplePeer;
}
