const WebSocket = require('ws');
const ws_client = new
WebSocket('ws://192.168.141.235:8088/ari/events?api_key=toto:pass1&app=hello&subscribeAll=true');
