$.ajax({
    type : "GET",
    url : "http://192.168.141.235:8088/ari/endpoints",
    dataType : 'json',
    headers : {
        "Authorization" : "Basic " + btoa("toto:pass1")
    },
    success : function(data) {
    }
})
